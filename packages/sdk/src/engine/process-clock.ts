/** The time of this process, for timers that come due while an operation runs. Milliseconds from any beginning. */
export interface ProcessClock {
  now(): number;
  /** Calls back once, about then. Gives what takes that back. */
  at(timeMs: number, callback: () => void): () => void;
}

/** The longest delay of setTimeout; a longer one is waited for in parts. */
const delayMaxMs = 2 ** 31 - 1;

export const processClock: ProcessClock = {
  now: () => performance.now(),
  at(timeMs, callback) {
    const delayMs = Math.min(Math.max(Math.ceil(timeMs - performance.now()), 0), delayMaxMs);
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
