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
  return {
    debug: (message, more) => logger.debug(message, { ...fields, ...more }),
    info: (message, more) => logger.info(message, { ...fields, ...more }),
    warn: (message, more) => logger.warn(message, { ...fields, ...more }),
    error: (message, more) => logger.error(message, { ...fields, ...more }),
  };
}

function write(level: string, message: string, fields: LogFields = {}): void {
  const line = { level, time: new Date().toISOString(), message, ...fields };
  process.stderr.write(`${safeJson(line)}\n`);
}

/** Errors show as text, and a value without a JSON form must not cost the line. */
function safeJson(line: object): string {
  try {
    return JSON.stringify(line, (_key, value: unknown) => {
      if (value instanceof Error) return value.stack ?? value.message;
      return typeof value === "bigint" ? value.toString() : value;
    });
  } catch {
    return JSON.stringify({ message: "a log line could not be written as JSON" });
  }
}
