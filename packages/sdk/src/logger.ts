import { isError, readThrown } from "./thrown/read-thrown.js";
import { safely } from "./thrown/safely.js";
import { valueText } from "./thrown/value-text.js";

export type LogFields = Record<string, unknown>;

/** Where the SDK and the code it runs write log lines. Any logger with these four methods fits. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** One JSON object per line on standard error, from `info` upwards. Used when the program gives no logger. */
export const stderrLogger: Logger = {
  debug() {},
  info: (message, fields) => write("info", message, fields),
  warn: (message, fields) => write("warn", message, fields),
  error: (message, fields) => write("error", message, fields),
};

/** A logger that adds fields to every line. */
export function withFields(logger: Logger, fields: LogFields): Logger {
  const line = (level: keyof Logger) => (message: string, more?: LogFields) =>
    logger[level](message, safely(() => ({ ...fields, ...more })) ?? fields);
  return eachLevel(line);
}

/**
 * The logger of a program, made safe: what it throws, or rejects with, costs the line and not the work that was logged. The
 * first failure is said on standard error.
 */
export function guardedLogger(logger: Logger): Logger {
  let said = false;
  const failed = (thrown: unknown) => {
    if (said) return;
    said = true;
    stderrLogger.warn("the logger of the program failed, so log lines are lost", { err: thrown });
  };
  const line = (level: keyof Logger) => (message: string, fields?: LogFields) => {
    try {
      const returned: unknown = logger[level](message, fields);
      if (typeof returned === "object" && returned !== null) Promise.resolve(returned).catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
  return eachLevel(line);
}

type Line = Logger["info"];

function eachLevel(line: (level: keyof Logger) => Line): Logger {
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

function write(level: string, message: string, fields: LogFields = {}): void {
  const line = { level, time: new Date().toISOString(), message, ...fields };
  process.stderr.write(`${lineText(line)}\n`);
}

/** Errors show as text, and a value without a JSON form costs no more than its own form. */
function lineText(line: Record<string, unknown>): string {
  return (
    safely(() => JSON.stringify(line, (_key, value: unknown) => shown(value))) ??
    JSON.stringify(Object.fromEntries(Object.entries(line).map(([key, value]) => [key, valueText(shown(value))])))
  );
}

function shown(value: unknown): unknown {
  if (isError(value)) return errorText(value);
  return typeof value === "bigint" ? value.toString() : value;
}

/** The stack begins with the message, and has no causes. */
function errorText(error: Error): string {
  const { text, stack } = readThrown(error);
  return stack === "" || stack.includes(text) ? stack || text : `${text}\n${stack}`;
}
