import { DomainError } from "@flovyn/domain";
import { type BatchLane, createBatchLane } from "./batch-lane.js";
import type { Metrics } from "./metrics.js";

export type Outcome<Result> = { ok: true; value: Result } | { ok: false; error: DomainError };

export interface BatcherOptions<Item, Result> {
  name: string;
  /** Items of one batch at most. */
  itemsMax?: number;
  /** Batches that may run at the same time, when the batcher has a lane of its own. */
  slots?: number;
  /** Slots shared with other batchers. */
  lane?: BatchLane;
  /** Items that may wait; more are refused with LimitExceeded. */
  queueMax?: number;
  /** Weight of an item, in any unit; a batch carries at most `weightMax`, or one item. */
  weightOf?: (item: Item) => number;
  weightMax?: number;
  /** Handles a batch; outcome i belongs to item i. A conflict is one item's outcome, not the batch's failure. */
  run: (items: readonly Item[]) => Promise<readonly Outcome<Result>[]>;
  metrics?: Metrics;
}

export interface BatcherStats {
  batches: number;
  items: number;
  retriedAlone: number;
  waiting: number;
  /** Batches by size: of 1 item, of 2, of up to 4, 8, 16 and so on. */
  sizes: number[];
}

/** Groups operations of one kind while earlier batches commit. */
export interface Batcher<Item, Result> {
  /** Errors: those of the item's outcome; LimitExceeded when too many wait; Unavailable after `stop`. */
  submit(item: Item): Promise<Result>;
  /** Finishes what was submitted, then refuses. Idempotent. */
  stop(): Promise<void>;
  readonly stats: BatcherStats;
}

interface Waiting<Item, Result> {
  item: Item;
  weight: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

const itemsMaxDefault = 256;
const slotsDefault = 2;
const queueMaxDefault = 100_000;

/**
 * Natural micro-batching without timers: alone, an item leaves at the end of the event-loop turn that brought it; while
 * all slots of the lane are taken, items wait and leave together with the next free slot. When a batch fails as a whole its items are
 * retried one by one, so that only the guilty ones fail; except when the commit may have happened (the error is
 * Unavailable, Timeout or Cancelled, or it or one of its causes has `commitUnknown: true`): then nothing is tried again.
 *
 * The end of the turn is setImmediate. Callers reach `submit` after different numbers of awaits, and a microtask leaves
 * with the first of them: with 16 callers over a socket, 0 to 3 awaits and a commit of 1 ms, batches hold 16 items with
 * setImmediate and 4.9 with a microtask, at 10,000 and 5,100 operations/s; alone an item takes 1.2 ms with either.
 */
export function createBatcher<Item, Result>(options: BatcherOptions<Item, Result>): Batcher<Item, Result> {
  const { name, run, metrics, weightOf } = options;
  const itemsMax = options.itemsMax ?? itemsMaxDefault;
  const lane = options.lane ?? createBatchLane(options.slots ?? slotsDefault);
  const queueMax = options.queueMax ?? queueMaxDefault;
  const weightMax = options.weightMax ?? Number.POSITIVE_INFINITY;
  const stats: BatcherStats = { batches: 0, items: 0, retriedAlone: 0, waiting: 0, sizes: [] };
  let queue: Waiting<Item, Result>[] = [];
  let head = 0;
  let running = 0;
  /** A batch is asked for and has not left yet. */
  let asked = false;
  let stopped = false;
  let whenIdle: (() => void)[] = [];

  const takeBatch = (): Waiting<Item, Result>[] => {
    const batch: Waiting<Item, Result>[] = [];
    let weight = 0;
    while (head < queue.length && batch.length < itemsMax) {
      const waiting = queue[head] as Waiting<Item, Result>;
      weight += waiting.weight;
      if (batch.length > 0 && weight > weightMax) break;
      batch.push(waiting);
      head += 1;
    }
    if (head === queue.length) {
      queue = [];
      head = 0;
    } else if (head > 1024) {
      queue = queue.slice(head);
      head = 0;
    }
    return batch;
  };

  const enterLane = (): void => lane.enter(runNext);

  const runNext = async (): Promise<void> => {
    const batch = takeBatch();
    // What does not fit goes to the end of the lane: other batchers have their turn first.
    asked = head < queue.length;
    if (asked) enterLane();
    stats.waiting = queue.length - head;
    running += 1;
    await runBatch(batch);
    running -= 1;
    if (running > 0 || head < queue.length) return;
    for (const idle of whenIdle) idle();
    whenIdle = [];
  };

  const runBatch = async (batch: Waiting<Item, Result>[]): Promise<void> => {
    stats.batches += 1;
    stats.items += batch.length;
    const size = Math.ceil(Math.log2(batch.length));
    stats.sizes[size] = (stats.sizes[size] ?? 0) + 1;
    metrics?.batch(name, batch.length);
    try {
      settle(batch, await run(batch.map((waiting) => waiting.item)));
    } catch (error) {
      if (batch.length === 1 || commitMayHaveHappened(error)) {
        for (const waiting of batch) waiting.reject(error);
      } else {
        await runAlone(batch);
      }
    }
  };

  const runAlone = async (batch: Waiting<Item, Result>[]): Promise<void> => {
    metrics?.batchRetried(name);
    for (const [index, waiting] of batch.entries()) {
      stats.retriedAlone += 1;
      try {
        settle([waiting], await run([waiting.item]));
      } catch (error) {
        waiting.reject(error);
        if (!commitMayHaveHappened(error)) continue;
        // The dependency went away: the rest would wait for it one by one, and hold the slot meanwhile.
        for (const left of batch.slice(index + 1)) left.reject(error);
        return;
      }
    }
  };

  return {
    stats,
    submit: (item) =>
      new Promise<Result>((resolve, reject) => {
        if (stopped) {
          reject(new DomainError("Unavailable", "the service is stopping"));
          return;
        }
        if (queue.length - head >= queueMax) {
          reject(new DomainError("LimitExceeded", "too many operations are waiting", { context: { batcher: name } }));
          return;
        }
        queue.push({ item, weight: weightOf?.(item) ?? 0, resolve, reject });
        stats.waiting = queue.length - head;
        if (asked) return;
        asked = true;
        setImmediate(enterLane);
      }),
    stop: () => {
      stopped = true;
      if (running === 0 && head === queue.length) return Promise.resolve();
      return new Promise((resolve) => whenIdle.push(resolve));
    },
  };
}

function settle<Item, Result>(batch: readonly Waiting<Item, Result>[], outcomes: readonly Outcome<Result>[]): void {
  batch.forEach((waiting, index) => {
    const outcome = outcomes[index];
    if (outcome === undefined)
      waiting.reject(new Error(`a batch answered ${outcomes.length} of ${batch.length} items`));
    else if (outcome.ok) waiting.resolve(outcome.value);
    else waiting.reject(outcome.error);
  });
}

const causesMax = 8;

/** Wrapping an error must not turn it into one that is retried, so the causes are asked too. */
function commitMayHaveHappened(error: unknown): boolean {
  if (error instanceof DomainError && ["Unavailable", "Timeout", "Cancelled"].includes(error.code)) return true;
  let current = error;
  for (let depth = 0; current instanceof Error && depth < causesMax; depth++) {
    if ((current as { commitUnknown?: unknown }).commitUnknown === true) return true;
    current = current.cause;
  }
  return false;
}
