export { FlovynClient } from "./client/flovyn-client.js";
export type { FlovynClientOptions } from "./client/options.js";
export type { PromiseReference } from "./client/promise-reference.js";
export type { SentSignal, SignalOptions, SignalWithStartOptions } from "./client/signal-options.js";
export type { StartOptions } from "./client/start-options.js";
export type { CancelOptions, ResultOptions, StartedWorkflow, WorkflowHandle } from "./client/workflow-handle.js";
export type { RetryOptions, RetryStrategy } from "./definitions/retry.js";
export { type AnyTask, type TaskDefinition, type TaskOptions, task } from "./definitions/task.js";
export type { TaskContext, TaskStream } from "./definitions/task-context.js";
export {
  type AnyWorkflow,
  type OnActivationFailure,
  type WorkflowDefinition,
  type WorkflowOptions,
  workflow,
} from "./definitions/workflow.js";
export type {
  ChildWorkflowOptions,
  PromiseOptions,
  ScheduleOptions,
  WorkflowContext,
} from "./definitions/workflow-context.js";
export type { ChildWorkflowPromise, SignalPromise, TimerPromise } from "./definitions/workflow-promises.js";
export { Duration, type DurationInput } from "./duration.js";
export {
  ChildWorkflowFailedError,
  type FailedTask,
  NonRetryableError,
  OperationCancelledError,
  OperationFailedError,
  PromiseRejectedError,
  PromiseTimeoutError,
  ResultTimeoutError,
  RetryLaterError,
  SignalWaitCancelledError,
  type TaskAbortCause,
  TaskAbortedError,
  TaskFailedError,
  TimeoutError,
  TimerCancelledError,
  WorkflowCancelledError,
  WorkflowFailedError,
  WorkflowQueryError,
} from "./errors.js";
export { type LogFields, type Logger, silentLogger } from "./logger.js";
export { FlovynConnectionError, FlovynServiceError } from "./wire/service-error.js";
