/** A bound on how many batches run at the same time, shared by the batchers of one process. */
export interface BatchLane {
  /** Starts a batch now, or when its turn comes: first come, first served. `start` never rejects. */
  enter(start: () => Promise<void>): void;
}

/** A batch that runs longer than this does not hold up the others: one more may start. */
const slowBatchMs = 100;
const extraSlotsMax = 4;

/**
 * All batchers of a process share few slots, because their batches compete for one database: with two slots for each of
 * six kinds, many small transactions run side by side; with one for all of them, items of every kind gather while a large
 * one commits. 300 workflows of one task in flight, on 2 busy cores: 19 commits for 10 workflows with two slots for each
 * kind, 5.7 with two shared ones, 4.0 with one. Under light load nobody waits.
 */
export function createBatchLane(slots: number, now: () => number = () => performance.now()): BatchLane {
  const waiting: (() => Promise<void>)[] = [];
  /** When each running batch started. */
  const startedMs = new Set<{ at: number }>();

  const mayStart = (): boolean => {
    if (startedMs.size < slots) return true;
    const slowBefore = now() - slowBatchMs;
    let quick = 0;
    for (const { at } of startedMs) if (at > slowBefore) quick += 1;
    return quick < slots && startedMs.size < slots + extraSlotsMax;
  };

  const startNext = (): void => {
    if (!mayStart()) return;
    const start = waiting.shift();
    if (start === undefined) return;
    const running = { at: now() };
    startedMs.add(running);
    void start().then(() => {
      startedMs.delete(running);
      startNext();
    });
  };

  return {
    enter: (start) => {
      waiting.push(start);
      startNext();
    },
  };
}
