import { type DurationInput, toMilliseconds } from "./duration.js";

/** A task that a workflow awaited ended without a result. */
export class TaskFailedError extends Error {
  override readonly name = "TaskFailedError";
  readonly taskId: string;
  readonly kind: string;
  /** The text with which the task failed. */
  readonly failure: string;

  constructor(task: { taskId: string; kind: string; failure: string }) {
    super(`Task "${task.kind}" failed: ${task.failure}`);
    this.taskId = task.taskId;
    this.kind = task.kind;
    this.failure = task.failure;
  }
}

/** The function given to `ctx.run` threw. History keeps the failure, so every replay sees the same one. */
export class OperationFailedError extends Error {
  override readonly name = "OperationFailedError";
  readonly operation: string;
  /** Name of the error that was thrown, for example `TypeError`. */
  readonly errorName: string;

  constructor(failed: { operation: string; errorName: string; message: string }) {
    super(failed.message);
    this.operation = failed.operation;
    this.errorName = failed.errorName;
  }
}

/** Thrown by a task: trying again cannot help, the task fails at once whatever retries it has left. */
export class NonRetryableError extends Error {
  override readonly name = "NonRetryableError";
}

/** Thrown by a task: the next attempt shall wait this long, whatever the retry policy says. */
export class RetryLaterError extends Error {
  override readonly name = "RetryLaterError";
  readonly retryAfterMs: number;

  constructor(message: string, retryAfter: DurationInput, options?: ErrorOptions) {
    super(message, options);
    this.retryAfterMs = toMilliseconds(retryAfter, "retryAfter");
  }
}

/** The workflow whose result is awaited failed; the message is its failure text. */
export class WorkflowFailedError extends Error {
  override readonly name = "WorkflowFailedError";
  readonly workflowId: string;

  constructor(workflowId: string, message: string) {
    super(message);
    this.workflowId = workflowId;
  }
}

/** The workflow whose result is awaited was cancelled. */
export class WorkflowCancelledError extends Error {
  override readonly name = "WorkflowCancelledError";
  readonly workflowId: string;
  readonly reason: string;

  constructor(workflowId: string, reason: string) {
    super(reason === "" ? "the workflow was cancelled" : `the workflow was cancelled: ${reason}`);
    this.workflowId = workflowId;
    this.reason = reason;
  }
}

/** The result did not come within the time the caller gave. The workflow goes on. */
export class ResultTimeoutError extends Error {
  override readonly name = "ResultTimeoutError";
  readonly workflowId: string;

  constructor(workflowId: string, timeoutMs: number) {
    super(`workflow ${workflowId} did not end within ${timeoutMs} ms`);
    this.workflowId = workflowId;
  }
}

/** Why the signal of a task was aborted. */
export type TaskAbortCause = "timeout" | "claim-lost" | "shutdown";

/** The reason of an aborted task signal. */
export class TaskAbortedError extends Error {
  override readonly name = "TaskAbortedError";
  readonly abortCause: TaskAbortCause;

  constructor(abortCause: TaskAbortCause, message: string) {
    super(message);
    this.abortCause = abortCause;
  }
}
