import type { Logger } from "./logger.js";

export interface LifecycleStep {
  name: string;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface Lifecycle {
  /** Starts the steps in order. When one fails, those that started are stopped and its error is thrown. */
  start(steps: readonly LifecycleStep[]): Promise<void>;
  /** Stops the steps in reverse order. Idempotent: every caller waits for the one stop. */
  stop(): Promise<void>;
}

const stopTimeoutMs = 30_000;

export function createLifecycle(log: Logger): Lifecycle {
  const started: LifecycleStep[] = [];
  let stopping: Promise<void> | undefined;

  const stopAll = async (): Promise<void> => {
    for (const step of started.splice(0).reverse()) {
      const begun = performance.now();
      try {
        await withDeadline(step.stop(), stopTimeoutMs, step.name);
        log.debug({ step: step.name, durationMs: Math.round(performance.now() - begun) }, "stopped");
      } catch (err) {
        log.error({ err, step: step.name }, "stopping failed");
      }
    }
  };

  return {
    start: async (steps) => {
      for (const step of steps) {
        try {
          // A step that fails half-way may have opened something: it is stopped too.
          started.push(step);
          await step.start();
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
    timer = setTimeout(() => reject(new Error(`${name} did not stop within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second one ends the process at once. */
export function waitForSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const onSignal = (signal: NodeJS.Signals) => {
      if (!first) process.exit(130);
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
