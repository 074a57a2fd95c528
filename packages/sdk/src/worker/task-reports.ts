import { CompleteTaskRequest, FailTaskRequest, type TaskExecutionInfo } from "@flovyn/proto/v1";
import type { Logger } from "../logger.js";
import { completeTask, failTask } from "../wire/rpcs.js";
import { type FlovynServiceError, isRefusal, isUnsendable } from "../wire/service-error.js";
import { untilAnswered } from "../wire/until-answered.js";
import { claimOf } from "./task-claim.js";
import type { Failure } from "./task-failure.js";
import { callTimeoutMs, type WorkerScope } from "./worker-scope.js";

/** Reports outcomes of attempts. A report is repeated under the same claim until the server answers. */
export class TaskReports {
  readonly #scope: WorkerScope;

  constructor(scope: WorkerScope) {
    this.#scope = scope;
  }

  /** Never rejects. An output that the server refuses fails the task for good: another attempt would make the same. */
  async complete(task: TaskExecutionInfo, output: Buffer, log: Logger): Promise<void> {
    const request = CompleteTaskRequest.fromPartial({ ...claimOf(task), output });
    const { connection, metadata } = this.#scope;
    const send = () => connection.call(completeTask, request, metadata, { timeoutMs: callTimeoutMs });
    try {
      await untilAnswered(send, this.#retrying("CompleteTask", log));
    } catch (error) {
      if (!isRefusal(error, "INVALID_ARGUMENT") && !isUnsendable(error)) return this.#notReported(error, log);
      const refusal = error as FlovynServiceError;
      await this.fail(task, { error: `The server refused the output: ${refusal.message}`, retryable: false }, log);
    }
  }

  /** Never rejects. */
  async fail(task: TaskExecutionInfo, failure: Failure, log: Logger): Promise<void> {
    const request = FailTaskRequest.fromPartial({ ...claimOf(task), ...failure });
    const { connection, metadata } = this.#scope;
    const send = () => connection.call(failTask, request, metadata, { timeoutMs: callTimeoutMs });
    try {
      await untilAnswered(send, this.#retrying("FailTask", log));
    } catch (error) {
      this.#notReported(error, log);
    }
  }

  #notReported(error: unknown, log: Logger): void {
    if (isRefusal(error, "ABORTED", "NOT_FOUND", "FAILED_PRECONDITION")) {
      log.warn("the task is not this worker's any more", { err: error });
    } else if (!this.#scope.closing.aborted) {
      log.error("the outcome of a task could not be reported", { err: error });
    }
  }

  #retrying(operation: string, log: Logger) {
    return {
      signal: this.#scope.closing,
      onRetry: (error: unknown, waitMs: number) =>
        log.warn(`${operation} failed, trying again`, { err: error, waitMs }),
    };
  }
}
