import type { Logger } from "pino";
import type { Metrics } from "./metrics.js";

export interface SweepOptions {
  name: string;
  intervalMs: number;
  /** Share by which a pause may differ either way, so that replicas drift apart. */
  jitter?: number;
  /** When a pass changed at least this many items the next one follows at once. */
  batchSize?: number;
  /** One bounded pass; returns how many items it changed. */
  run: (signal: AbortSignal) => Promise<number>;
  log: Logger;
  metrics?: Metrics;
}

/** A timed loop that repairs or fires what is due, on any number of replicas. */
export interface Sweep {
  start(): void;
  /** Waits for the pass that runs. Idempotent. */
  stop(): Promise<void>;
  /** One pass now, for tests. Errors: those of the pass. */
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
  let pass: Promise<void> = Promise.resolve();
  let failures = 0;

  const pauseMs = (): number => {
    const backOff = failures === 0 ? intervalMs : Math.min(intervalMs * 2 ** Math.min(failures, 16), backOffMaxMs);
    return Math.max(backOff, intervalMs) * (1 + jitter * (2 * Math.random() - 1));
  };

  const schedule = (delayMs: number): void => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      pass = loop();
    }, delayMs);
    timer.unref();
  };

  const loop = async (): Promise<void> => {
    let again = false;
    try {
      const items = await run(stopping.signal);
      if (failures > 0) log.info({ failures }, "sweep works again");
      failures = 0;
      again = batchSize !== undefined && items >= batchSize;
      metrics?.sweep(name, "ok", items);
      if (items > 0) log.info({ items }, "sweep changed items");
    } catch (err) {
      failures += 1;
      metrics?.sweep(name, "failed", 0);
      if (failures % logEveryFailures === 1) log.warn({ err, failures }, "sweep failed");
    }
    schedule(again ? 0 : pauseMs());
  };

  return {
    start: () => {
      if (timer === undefined) schedule(intervalMs * Math.random());
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(timer);
      await pass;
    },
    runOnce: () => run(stopping.signal),
  };
}
