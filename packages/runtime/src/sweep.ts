import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";

export interface SweepOptions {
  name: string;
  intervalMs: number;
  /** Share by which a pause may differ either way, so that replicas drift apart. */
  jitter?: number;
  /** When a pass changed at least this many items the next one follows at once. */
  batchSize?: number;
  /** One bounded pass; returns how many items it changed. The signal is aborted when the sweep stops. */
  run: (signal: AbortSignal) => Promise<number>;
  log: Logger;
  metrics?: Metrics;
}

/** A timed loop that repairs or fires what is due, on any number of replicas. Passes of one sweep never overlap. */
export interface Sweep {
  start(): void;
  /** Waits for the pass that runs. Idempotent. */
  stop(): Promise<void>;
  /** One pass, after the one that runs now if there is one. For tests. Errors: those of the pass. */
  runOnce(): Promise<number>;
}

const jitterDefault = 0.2;
const backOffMaxMs = 30_000;
/** A failing sweep is logged when it starts failing and then once for this many failures. */
const logEveryFailures = 20;

export function createSweep(options: SweepOptions): Sweep {
  const { name, intervalMs, batchSize, run, metrics } = options;
  const log = options.log.child({ sweep: name });
  const jitter = options.jitter ?? jitterDefault;
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let started = false;
  let lastPass: Promise<unknown> = Promise.resolve();
  let failures = 0;

  const pauseMs = (): number => {
    const backOff = failures === 0 ? intervalMs : Math.min(intervalMs * 2 ** Math.min(failures, 16), backOffMaxMs);
    return Math.max(backOff, intervalMs) * (1 + jitter * (2 * Math.random() - 1));
  };

  const schedule = (delayMs: number): void => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => void tick(), delayMs);
    timer.unref();
  };

  const runOnce = (): Promise<number> => {
    const pass = lastPass.then(() => run(stopping.signal));
    lastPass = pass.catch(() => {});
    return pass;
  };

  const tick = async (): Promise<void> => {
    let again = false;
    try {
      const items = await runOnce();
      if (failures > 0) log.info({ failures }, "sweep works again");
      failures = 0;
      again = batchSize !== undefined && items >= batchSize;
      metrics?.sweep(name, "ok", items);
      if (items > 0) log.info({ items }, "sweep changed items");
    } catch (err) {
      // A pass that was told to stop may say so by failing.
      if (stopping.signal.aborted) return;
      failures += 1;
      metrics?.sweep(name, "failed", 0);
      if (failures % logEveryFailures === 1) log.warn({ err, failures }, "sweep failed");
    }
    schedule(again ? 0 : pauseMs());
  };

  return {
    start: () => {
      if (started) return;
      started = true;
      schedule(intervalMs * Math.random());
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await lastPass;
    },
    runOnce,
  };
}
