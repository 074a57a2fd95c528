/** A bound on how many batches run at the same time, shared by the batchers of one process. */
export interface BatchLane {
  /** Starts a batch now, or when its turn comes: first come, first served. `start` never rejects. */
  enter(start: () => Promise<void>): void;
}

/**
 * All batchers of a process share few slots, because batches compete for the same database: with slots for each kind, six
 * kinds keep twelve small transactions open; with two for all of them, items of every kind gather while two large ones
 * commit. Under light load nobody waits.
 */
export function createBatchLane(slots: number): BatchLane {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;

  const run = (start: () => Promise<void>): void => {
    running += 1;
    void start().then(leave);
  };

  const leave = (): void => {
    running -= 1;
    const next = waiting.shift();
    if (next !== undefined) run(next);
  };

  return {
    enter: (start) => {
      if (running < slots) run(start);
      else waiting.push(start);
    },
  };
}
