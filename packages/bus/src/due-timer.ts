/** Never checks more often than this, in ms: deadlines are this exact. */
const granularityMs = 20;
/** Longer waits are cut, because setTimeout takes at most 2^31 - 1 ms. */
const waitMsMax = 60_000;

export interface DueTimer {
  /** Something becomes due at this time of `performance.now()`. */
  note(dueAt: number): void;
  stop(): void;
}

/**
 * One timer for any number of deadlines. It is armed for the earliest one noted since the last check; `check` looks at
 * everything that is pending and returns when the next is due, Infinity when nothing is left. Requests that end in time are
 * not taken out: the timer that fires for them finds nothing, and thousands of them share one such firing.
 * It never keeps the process alive.
 */
export function createDueTimer(check: (now: number) => number): DueTimer {
  let armedFor = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const arm = (dueAt: number): void => {
    armedFor = dueAt;
    clearTimeout(timer);
    const waitMs = Math.min(Math.max(dueAt - performance.now(), granularityMs), waitMsMax);
    timer = setTimeout(fire, waitMs);
    timer.unref();
  };
  const fire = (): void => {
    timer = undefined;
    armedFor = Number.POSITIVE_INFINITY;
    const next = check(performance.now());
    if (next < armedFor) arm(next);
  };

  return {
    note(dueAt) {
      if (dueAt < armedFor - granularityMs) arm(dueAt);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
      armedFor = Number.POSITIVE_INFINITY;
    },
  };
}
