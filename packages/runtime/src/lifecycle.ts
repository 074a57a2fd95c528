import type { Logger } from "./logger.js";
import { stopSpanExports } from "./telemetry/span-export.js";

export interface LifecycleStep {
  name: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface Lifecycle {
  /**
   * Starts the steps in order. When one fails, or the process is told to stop meanwhile, those that started are stopped.
   * Errors: that of the step that failed.
   */
  start(steps: readonly LifecycleStep[]): Promise<void>;
  /** Stops the steps in reverse order. Idempotent: every caller waits for the one stop. Never rejects. */
  stop(): Promise<void>;
}

export interface LifecycleLimits {
  /** One step that takes longer is left behind. */
  stepStopMs?: number;
  /** All steps together; orchestrators send SIGKILL 30 s after SIGTERM. */
  stopMs?: number;
}

const stepStopMsDefault = 20_000;
const stopMsDefault = 28_000;

export function createLifecycle(log: Logger, limits: LifecycleLimits = {}): Lifecycle {
  const { stepStopMs = stepStopMsDefault, stopMs = stopMsDefault } = limits;
  const started: LifecycleStep[] = [];
  /** The start of the newest step, never rejecting. */
  let starting: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;

  const stopAll = async (): Promise<void> => {
    const deadline = performance.now() + stopMs;
    const timeLeft = () => Math.max(0, Math.min(stepStopMs, deadline - performance.now()));
    // Parts that later steps build on may not go away under a step that is being started.
    await withDeadline(starting, timeLeft(), "a start").catch((err: unknown) => {
      log.error({ err }, "stopping does not wait for a step that is still starting");
    });
    for (let step = started.pop(); step !== undefined; step = started.pop()) {
      const begun = performance.now();
      try {
        await withDeadline(step.stop(), timeLeft(), step.name);
        log.debug({ step: step.name, durationMs: Math.round(performance.now() - begun) }, "stopped");
      } catch (err) {
        log.error({ err, step: step.name }, "stopping failed");
      }
    }
    // Last, so that what the steps reported while they stopped leaves too. Never rejects, and bounds itself.
    await stopSpanExports();
  };

  return {
    start: async (steps) => {
      for (const step of steps) {
        if (stopping !== undefined) return stopping;
        try {
          // A step that fails half-way may have opened something: it is stopped too.
          started.push(step);
          const begun = step.start();
          starting = begun.catch(() => {});
          await begun;
        } catch (error) {
          await stopAll();
          throw error;
        }
      }
    },
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

async function withDeadline(work: Promise<void>, timeoutMs: number, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${name} took longer than ${(timeoutMs / 1000).toFixed(1)} s`)),
      timeoutMs,
    );
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once, with 128 and its number. */
export function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals, number: number) => {
      if (!first) process.exit(128 + number);
      first = false;
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** An error that nobody handled leaves the process in an unknown state: it is logged and the process ends. */
export function exitOnUnhandledErrors(log: Logger): void {
  const exit = (err: unknown) => {
    log.fatal({ err }, "unhandled error");
    process.exit(1);
  };
  process.on("uncaughtException", exit);
  process.on("unhandledRejection", exit);
}
