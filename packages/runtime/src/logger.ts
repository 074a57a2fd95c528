import pino from "pino";
import { prettyLine } from "./pretty-line.js";
import { redactFields, redactText } from "./redact.js";
import { serializeError } from "./serialize-error.js";

export type Logger = pino.Logger;

/** Where lines go: a stream or anything else that takes text. */
export interface LogDestination {
  write(line: string): unknown;
}

export interface LoggerOptions {
  service: string;
  level: string;
  /** One short line for a person instead of JSON. */
  pretty?: boolean;
  /** Standard output when missing. */
  destination?: LogDestination;
}

/**
 * The logger of a process; parts of it get children with a `component`. Fields with secret names are replaced wherever
 * they are, secrets inside texts wherever they can be told.
 */
export function createLogger(options: LoggerOptions): Logger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  const write = options.pretty
    ? (line: string) => destination.write(`${prettyLine(redactText(line))}\n`)
    : (line: string) => destination.write(redactText(line));
  const settings: pino.LoggerOptions = {
    level: options.level,
    base: { service: options.service },
    serializers: { err: serializeError },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }), log: redactFields },
  };
  return redactChildren(pino(settings, { write }));
}

/** pino drops the formatter of bindings for children; children inherit this method instead. */
function redactChildren(log: Logger): Logger {
  const child = log.child;
  log.child = function (this: Logger, bindings: pino.Bindings, ...options: [never]) {
    return child.call(this, redactFields(bindings), ...options);
  } as typeof log.child;
  return log;
}
