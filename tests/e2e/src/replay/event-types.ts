/** Types that histories which can still be replayed may hold. */
export const replayableTypes: ReadonlySet<string> = new Set([
  "WORKFLOW_STARTED",
  "WORKFLOW_COMPLETED",
  "WORKFLOW_EXECUTION_FAILED",
  "WORKFLOW_SUSPENDED",
  "CANCELLATION_REQUESTED",
  "OPERATION_COMPLETED",
  "STATE_SET",
  "STATE_CLEARED",
  "TASK_SCHEDULED",
  "TASK_COMPLETED",
  "TASK_FAILED",
  "TASK_CANCELLED",
  "PROMISE_CREATED",
  "PROMISE_RESOLVED",
  "PROMISE_REJECTED",
  "PROMISE_TIMEOUT",
  "CHILD_WORKFLOW_INITIATED",
  "CHILD_WORKFLOW_STARTED",
  "CHILD_WORKFLOW_COMPLETED",
  "CHILD_WORKFLOW_FAILED",
  "CHILD_WORKFLOW_CANCELLED",
  "TIMER_STARTED",
  "TIMER_FIRED",
  "TIMER_CANCELLED",
  "SIGNAL_RECEIVED",
]);

/** Types that only stand at the end of a history that is not replayed again. */
export const finalTypes: ReadonlySet<string> = new Set([
  "WORKFLOW_COMPLETED",
  "WORKFLOW_EXECUTION_FAILED",
  "WORKFLOW_CANCELLED",
]);
