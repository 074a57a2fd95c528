import type { Clock } from "@flovyn/domain";
import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";

export interface DuePass {
  /** Items that were due when the pass looked. */
  found: number;
  /** Those of them that the pass ended. The rest is in the hands of another replica. */
  fired: number;
}

export interface DueLoopOptions {
  name: string;
  clock: Clock;
  /** Fires one bounded batch of what is due. */
  fire: (limit: number) => Promise<DuePass>;
  /** When the next item is due, epoch milliseconds; undefined when there is none. */
  nextDue: () => Promise<number | undefined>;
  log: Logger;
  metrics?: Metrics;
  /** Looks at least this often, in case a hint was lost. */
  slowMs?: number;
}

/** Fires things when they are due, on any number of replicas, without a fixed tick. */
export interface DueLoop {
  start(): void;
  /** Something becomes due at this time. */
  note(dueAtMs: number): void;
  /** Waits for the pass that runs. Idempotent. */
  stop(): Promise<void>;
  /** One pass, after the one that runs now if there is one. For tests. Errors: those of the pass. */
  runOnce(): Promise<DuePass>;
}

const batchSize = 256;
const slowMsDefault = 5_000;
/** Passes are at least this far apart, so that timers that are due one after the other share one. */
const gapMs = 5;
/** After a pass that found items in other hands. */
const contendedPauseMs = 20;
const backOffMaxMs = 5_000;
const jitter = 0.2;
const logEveryFailures = 20;

/**
 * Sleeps until the next item is due, which it asks for after each pass; `note` brings that forward. A hint may be lost:
 * then the slow look finds what it would have told. Storms are drained batch by batch without a pause that others could
 * not use: between two passes the event loop and the lanes of batches are free.
 */
export function createDueLoop(options: DueLoopOptions): DueLoop {
  const { name, clock, fire, nextDue, metrics } = options;
  const log = options.log.child({ loop: name });
  const slowMs = options.slowMs ?? slowMsDefault;
  let timer: NodeJS.Timeout | undefined;
  /**
   * When the timer ends, of `performance.now()`: unlike `clock` it cannot be set or jump, and the timer follows it. Infinite
   * while a pass runs, which looks for the next time itself.
   */
  let armedFor = Number.POSITIVE_INFINITY;
  /** Noted while a pass ran. */
  let noted = Number.POSITIVE_INFINITY;
  let passing = false;
  let running = false;
  let stopped = false;
  let lastPass: Promise<unknown> = Promise.resolve();
  let lastTick: Promise<unknown> = Promise.resolve();
  let endedAt = Number.NEGATIVE_INFINITY;
  let failures = 0;

  const arm = (dueAtMs: number, pauseMs = endedAt + gapMs - performance.now()): void => {
    if (stopped) return;
    const slow = slowMs * (1 + jitter * (2 * Math.random() - 1));
    const waitMs = Math.max(0, pauseMs, Math.min(dueAtMs - clock.now(), slow));
    armedFor = performance.now() + waitMs;
    clearTimeout(timer);
    timer = setTimeout(() => {
      lastTick = tick();
    }, waitMs);
    timer.unref();
  };

  const runOnce = (): Promise<DuePass> => {
    const pass = lastPass.then(() => fire(batchSize));
    lastPass = pass.catch(() => {});
    return pass;
  };

  const tick = async (): Promise<void> => {
    passing = true;
    let pause: number | undefined;
    let next = Number.POSITIVE_INFINITY;
    noted = Number.POSITIVE_INFINITY;
    armedFor = Number.POSITIVE_INFINITY;
    try {
      const { found, fired } = await runOnce();
      metrics?.sweep(name, "ok", fired);
      if (failures > 0) log.info({ failures }, "due loop works again");
      failures = 0;
      if (found >= batchSize && fired > 0) next = clock.now();
      else if (fired < found) pause = contendedPauseMs * (1 + Math.random());
      else next = (await nextDue()) ?? Number.POSITIVE_INFINITY;
    } catch (err) {
      failures += 1;
      metrics?.sweep(name, "failed", 0);
      if (failures % logEveryFailures === 1) log.warn({ err, failures }, "due loop failed");
      pause = Math.min(100 * 2 ** Math.min(failures, 16), backOffMaxMs) * (1 + jitter * Math.random());
    }
    passing = false;
    endedAt = performance.now();
    if (pause === undefined) arm(Math.min(next, noted));
    else arm(clock.now(), pause);
  };

  return {
    start: () => {
      if (running || stopped) return;
      running = true;
      arm(clock.now());
    },
    note: (dueAtMs) => {
      if (passing) noted = Math.min(noted, dueAtMs);
      const isEarlier = performance.now() + Math.max(0, dueAtMs - clock.now()) < armedFor;
      if (running && failures === 0 && isEarlier && !passing) arm(dueAtMs);
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await lastTick;
      await lastPass;
    },
    runOnce,
  };
}
