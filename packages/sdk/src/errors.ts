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

/** A timer was cancelled, by its own `cancel()` or by somebody else. */
export class TimerCancelledError extends Error {
  override readonly name = "TimerCancelledError";
  readonly timerId: string;

  constructor(timerId: string) {
    super(`Timer "${timerId}" was cancelled`);
    this.timerId = timerId;
  }
}

/** An operation was given up: `ctx.withTimeout`, `ctx.race` or `ctx.any` settled before it ended. Its result is dropped. */
export class OperationCancelledError extends Error {
  override readonly name = "OperationCancelledError";
  readonly operation: string;

  constructor(operation: string) {
    super(`operation "${operation}" was given up`);
    this.operation = operation;
  }
}

/** What `ctx.withTimeout` was given did not settle in time. It goes on, as far as it can. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`nothing came within ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** A promise was rejected from outside; the message is the text it was rejected with. */
export class PromiseRejectedError extends Error {
  override readonly name = "PromiseRejectedError";
  readonly promiseName: string;
  readonly promiseId: string;

  constructor(promise: { name: string; id: string }, message: string) {
    super(message);
    this.promiseName = promise.name;
    this.promiseId = promise.id;
  }
}

/** Nobody settled a promise within its timeout. */
export class PromiseTimeoutError extends Error {
  override readonly name = "PromiseTimeoutError";
  readonly promiseName: string;
  readonly promiseId: string;

  constructor(promise: { name: string; id: string }) {
    super(`Promise "${promise.name}" timed out`);
    this.promiseName = promise.name;
    this.promiseId = promise.id;
  }
}

/** A child workflow failed or was cancelled. */
export class ChildWorkflowFailedError extends Error {
  override readonly name = "ChildWorkflowFailedError";
  /** Name of the child in its parent. */
  readonly childName: string;
  /** Execution id of the child. */
  readonly workflowId: string;
  /** The text with which the child failed. */
  readonly failure: string;

  constructor(child: { name: string; id: string; failure: string }) {
    super(`Child workflow "${child.name}" failed: ${child.failure}`);
    this.childName = child.name;
    this.workflowId = child.id;
    this.failure = child.failure;
  }
}

/** A wait for a signal was given up by its `cancel()`, or because the time of `ctx.withTimeout` was up. */
export class SignalWaitCancelledError extends Error {
  override readonly name = "SignalWaitCancelledError";
  readonly signalName: string;

  constructor(signalName: string) {
    super(`the wait for signal "${signalName}" was given up`);
    this.signalName = signalName;
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

/** A task that failed and took its workflow along. */
export interface FailedTask {
  readonly taskId: string;
  readonly kind: string;
}

/** The workflow whose result is awaited failed; the message says which, and with which text. */
export class WorkflowFailedError extends Error {
  override readonly name = "WorkflowFailedError";
  readonly workflowId: string;
  /** Undefined when its history could not be read. */
  readonly workflowKind: string | undefined;
  /** The text with which the workflow failed. */
  readonly failure: string;
  /** The task whose failure is in that text; undefined when there is none, or when the history could not be read. */
  readonly failedTask: FailedTask | undefined;

  constructor(
    workflowId: string,
    failure: string,
    known: { kind?: string | undefined; failedTask?: FailedTask | undefined } = {},
  ) {
    const { kind, failedTask } = known;
    const task = failedTask === undefined ? "" : ` (task "${failedTask.kind}", ${failedTask.taskId})`;
    super(`${workflowText(workflowId, kind)} failed: ${failure}${task}`);
    this.workflowId = workflowId;
    this.workflowKind = kind;
    this.failure = failure;
    this.failedTask = failedTask;
  }
}

function workflowText(id: string, kind: string | undefined): string {
  return kind === undefined ? `workflow ${id}` : `workflow "${kind}" (${id})`;
}

/**
 * A workflow was cancelled: the one whose result is awaited, or, thrown by `ctx.checkCancellation`, the one that runs.
 */
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

/** Things that one message names. */
const waitsNamed = 5;

/** The result did not come within the time the caller gave. The workflow goes on; the message says what it waits for. */
export class ResultTimeoutError extends Error {
  override readonly name = "ResultTimeoutError";
  readonly workflowId: string;
  /** Undefined when its history could not be read. */
  readonly workflowKind: string | undefined;
  /** For people, for example `task "charge" (id)`, `promise "approval"`, `a signal`. Empty when that is not known. */
  readonly waitsFor: readonly string[];

  constructor(
    workflowId: string,
    timeoutMs: number,
    known: { kind?: string | undefined; waitsFor?: readonly string[] } = {},
  ) {
    const { kind, waitsFor = [] } = known;
    const more = waitsFor.length > waitsNamed ? [`${waitsFor.length - waitsNamed} more`] : [];
    const waits = [...waitsFor.slice(0, waitsNamed), ...more].join(", ");
    const reason = waits === "" ? "" : `: it waits for ${waits}`;
    super(`${workflowText(workflowId, kind)} did not end within ${timeoutMs} ms${reason}`);
    this.workflowId = workflowId;
    this.workflowKind = kind;
    this.waitsFor = waitsFor;
  }
}

/** The workflow did not answer a query; the message says why. */
export class WorkflowQueryError extends Error {
  override readonly name = "WorkflowQueryError";
  readonly workflowId: string;
  readonly queryName: string;

  constructor(query: { workflowId: string; name: string }, message: string) {
    super(message);
    this.workflowId = query.workflowId;
    this.queryName = query.name;
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
