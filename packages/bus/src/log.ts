/** One level of a logger: fields first, then a short fixed message. */
export type LogMethod = (fields: Record<string, unknown>, message: string) => void;

/** What the bus needs of a logger; a pino logger is one. */
export interface BusLog {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}

/** Between two lines of one repeated warning, in ms: a broken link must not flood the log. */
const quietMsDefault = 5_000;

/**
 * A warning for something that can happen thousands of times a second: the first one is logged at once, those that follow
 * for `quietMs`, usually 5 s, are only counted, and the next line says how many were left out.
 */
export function limitedWarning(
  log: Pick<BusLog, "warn">,
  message: string,
  { quietMs = quietMsDefault }: { quietMs?: number } = {},
): (fields: Record<string, unknown>) => void {
  let quietUntil = 0;
  let suppressed = 0;
  return (fields) => {
    const now = performance.now();
    if (now < quietUntil) {
      suppressed += 1;
      return;
    }
    log.warn(suppressed === 0 ? fields : { ...fields, suppressed }, message);
    quietUntil = now + quietMs;
    suppressed = 0;
  };
}
