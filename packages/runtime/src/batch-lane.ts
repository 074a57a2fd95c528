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
 * six kinds, many small transactions run side by side; with two for all of them, items of every kind gather while large
 * ones commit. Workflows of one task, 300 in flight, 100 loops for each kind of work, 2 cores busy with other things: 9 to
 * 11 batches for 10 workflows with two slots for each kind, 5.7 with two shared ones, 4.0 with one, one run each or two.
 * On 2 quiet cores, 512 in flight, 256 loops: two shared ones 2.9 commits and 463 workflows/s, one 2.4 commits and 409/s,
 * since it waits for the disk alone. Under light load nobody waits.
 */
export function createBatchLane(slots: number, now: () => number = () => performance.now()): BatchLane {
  const waiting: (() => Promise<void>)[] = [];
  /** Running batches, the one that started first at the front. */
  const running = new Set<{ startedMs: number }>();
  let timer: NodeJS.Timeout | undefined;

  const quickOnes = (): { startedMs: number }[] => {
    const slowBeforeMs = now() - slowBatchMs;
    return [...running].filter(({ startedMs }) => startedMs > slowBeforeMs);
  };

  const startNext = (): void => {
    while (waiting.length > 0) {
      const quick = running.size < slots ? [] : quickOnes();
      if (running.size >= slots && (quick.length >= slots || running.size >= slots + extraSlotsMax)) {
        lookAgain(quick[0]);
        return;
      }
      runFirst();
    }
  };

  const runFirst = (): void => {
    const start = waiting.shift();
    if (start === undefined) return;
    const batch = { startedMs: now() };
    running.add(batch);
    void start().then(() => {
      running.delete(batch);
      startNext();
    });
  };

  /** Those that wait have all entered: when a batch becomes slow, nobody else would come and notice. */
  const lookAgain = (oldest: { startedMs: number } | undefined): void => {
    if (oldest === undefined || timer !== undefined) return;
    const delayMs = Math.max(1, Math.ceil(oldest.startedMs + slowBatchMs - now()));
    timer = setTimeout(() => {
      timer = undefined;
      startNext();
    }, delayMs);
    timer.unref();
  };

  return {
    enter: (start) => {
      waiting.push(start);
      startNext();
    },
  };
}
