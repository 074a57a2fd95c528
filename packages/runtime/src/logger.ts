import { Writable } from "node:stream";
import pino from "pino";

export type Logger = pino.Logger;

export interface LoggerOptions {
  service: string;
  level: string;
  /** One short line for a person instead of JSON. */
  pretty?: boolean;
  /** Where lines go; standard output when missing. */
  destination?: NodeJS.WritableStream;
}

const secretPaths = ["authorization", "token", "password", "secret", "key", "apiKey", "workerToken"].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** The logger of a process; parts of it get children with a `component`. Secrets are replaced wherever they are named. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.pretty
    ? prettyDestination(options.destination ?? process.stdout)
    : (options.destination as pino.DestinationStream | undefined);
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { service: options.service },
    redact: { paths: secretPaths, censor: "[redacted]" },
    serializers: { err: serializeError },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

const causesMax = 8;

/** An error with its whole chain of causes. */
function serializeError(error: unknown): unknown {
  const chain: unknown[] = [];
  let current = error;
  while (current instanceof Error && chain.length < causesMax) {
    const { code, reason, context } = current as { code?: unknown; reason?: unknown; context?: unknown };
    chain.push({
      type: current.name,
      message: current.message,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
      ...(context === undefined ? {} : { context }),
      stack: current.stack,
    });
    current = current.cause;
  }
  if (chain.length === 0) return error;
  const [first, ...causes] = chain as Record<string, unknown>[];
  return causes.length === 0 ? first : { ...first, causes };
}

function prettyDestination(out: NodeJS.WritableStream): Writable {
  return new Writable({
    write: (chunk, _encoding, done) => {
      out.write(`${prettyLine(String(chunk))}\n`);
      done();
    },
  });
}

function prettyLine(line: string): string {
  try {
    const { time, level, service, msg, component, err, pid: _pid, hostname: _host, ...fields } = JSON.parse(line);
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const error = err === undefined ? "" : `\n    ${err.stack ?? JSON.stringify(err)}`;
    const where = component === undefined ? service : `${service}/${component}`;
    return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${where}  ${msg}  ${rest.join(" ")}${error}`.trimEnd();
  } catch {
    return line.trimEnd();
  }
}
