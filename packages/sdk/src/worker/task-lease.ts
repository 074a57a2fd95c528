import type { TaskExecutionInfo } from "@flovyn/proto/v1";
import type { Logger } from "../logger.js";
import { heartbeat } from "../wire/rpcs.js";
import { isRefusal } from "../wire/service-error.js";
import { claimOf } from "./task-claim.js";
import { callTimeoutMs, type WorkerScope } from "./worker-scope.js";

/** Keeps the claim of a running task alive by a heartbeat each third of its lease. */
export class TaskLease {
  readonly #scope: WorkerScope;
  readonly #task: TaskExecutionInfo;
  readonly #log: Logger;
  readonly #lost: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  #everyMs = 0;
  #lastMs = 0;
  #sending: Promise<void> | undefined;

  /** `lost` is called when the server says that the task is not this worker's any more. */
  constructor(scope: WorkerScope, attempt: { task: TaskExecutionInfo; log: Logger; lost: (error: Error) => void }) {
    this.#scope = scope;
    this.#task = attempt.task;
    this.#log = attempt.log;
    this.#lost = attempt.lost;
  }

  start(leaseMs: number): void {
    this.#everyMs = Math.max(leaseMs / 3, 100);
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => {
      this.#warnOfPause();
      void this.beat();
    }, this.#everyMs);
  }

  stop(): void {
    this.#warnOfPause();
    clearInterval(this.#timer);
  }

  /** Timers that are late by a heartbeat say that nothing ran: no timer, no answer, no other task of this process. */
  #warnOfPause(): void {
    const nowMs = performance.now();
    const pauseMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (pauseMs < 2 * this.#everyMs) return;
    const seconds = (pauseMs / 1000).toFixed(1);
    this.#log.warn(
      `no heartbeat for ${seconds} s, because the event loop of this process was blocked; the server may have taken the ` +
        "task for lost. Long work that does not await belongs into a worker thread or a process",
      { pauseMs: Math.round(pauseMs) },
    );
  }

  /** Never rejects. Heartbeats that are asked for while one is on its way are that one. */
  beat(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    const { connection, metadata } = this.#scope;
    try {
      await connection.call(heartbeat, claimOf(this.#task), metadata, { timeoutMs: callTimeoutMs });
    } catch (error) {
      if (isRefusal(error, "NOT_FOUND", "FAILED_PRECONDITION", "ABORTED")) this.#lost(error as Error);
      else this.#log.debug("a heartbeat failed", { err: error });
    }
  }
}
