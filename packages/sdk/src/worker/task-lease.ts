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
  #sending: Promise<void> | undefined;

  /** `lost` is called when the server says that the task is not this worker's any more. */
  constructor(scope: WorkerScope, attempt: { task: TaskExecutionInfo; log: Logger; lost: (error: Error) => void }) {
    this.#scope = scope;
    this.#task = attempt.task;
    this.#log = attempt.log;
    this.#lost = attempt.lost;
  }

  start(leaseMs: number): void {
    this.#timer = setInterval(() => void this.beat(), Math.max(leaseMs / 3, 100));
  }

  stop(): void {
    clearInterval(this.#timer);
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
