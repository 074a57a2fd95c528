import type { RecordedEvent } from "./history.js";

type Data = RecordedEvent["data"];

/** Calls that are matched by position, each type with its own counter. */
export type CallType = "task" | "operation" | "state" | "timer" | "promise" | "child";

/** What an event means to replay. `key` is the one under which a call waits for its outcome. */
export type EventRole =
  | { readonly role: "initiates"; readonly callType: CallType }
  | { readonly role: "ends"; readonly key: (data: Data) => string }
  | { readonly role: "signals" }
  | { readonly role: "cancels" }
  | { readonly role: "informs" };

export function taskKey(taskId: unknown): string {
  return `task ${String(taskId).toLowerCase()}`;
}

export function timerKey(timerId: unknown): string {
  return `timer ${String(timerId)}`;
}

export function promiseKey(promiseId: unknown): string {
  return `promise ${String(promiseId).toLowerCase()}`;
}

/** Children are found by name: names are unique in a parent. */
export function childKey(name: unknown): string {
  return `child ${String(name)}`;
}

const initiates = (callType: CallType): EventRole => ({ role: "initiates", callType });
const ends = (key: (data: Data) => string): EventRole => ({ role: "ends", key });
const endsTask = ends((data) => taskKey(data.taskExecutionId));
const endsTimer = ends((data) => timerKey(data.timerId));
const endsPromise = ends((data) => promiseKey(data.promiseId));
const endsChild = ends((data) => childKey(data.childExecutionName));
const informs: EventRole = { role: "informs" };

const roles: Readonly<Record<string, EventRole>> = {
  WORKFLOW_STARTED: informs,
  WORKFLOW_COMPLETED: informs,
  WORKFLOW_EXECUTION_FAILED: informs,
  WORKFLOW_FAILED: informs,
  WORKFLOW_CANCELLED: informs,
  WORKFLOW_SUSPENDED: informs,
  CANCELLATION_REQUESTED: { role: "cancels" },
  OPERATION_COMPLETED: initiates("operation"),
  STATE_SET: initiates("state"),
  STATE_CLEARED: initiates("state"),
  TASK_SCHEDULED: initiates("task"),
  TASK_COMPLETED: endsTask,
  TASK_FAILED: endsTask,
  // A TASK_FAILED follows, which ends the call.
  TASK_CANCELLED: informs,
  TIMER_STARTED: initiates("timer"),
  TIMER_FIRED: endsTimer,
  TIMER_CANCELLED: endsTimer,
  PROMISE_CREATED: initiates("promise"),
  PROMISE_RESOLVED: endsPromise,
  PROMISE_REJECTED: endsPromise,
  PROMISE_TIMEOUT: endsPromise,
  CHILD_WORKFLOW_INITIATED: initiates("child"),
  CHILD_WORKFLOW_STARTED: informs,
  CHILD_WORKFLOW_COMPLETED: endsChild,
  CHILD_WORKFLOW_FAILED: endsChild,
  // A CHILD_WORKFLOW_FAILED follows, which ends the call.
  CHILD_WORKFLOW_CANCELLED: informs,
  SIGNAL_RECEIVED: { role: "signals" },
};

/** Errors: Error for a type that is not known: it may be one that replay must not overlook. */
export function roleOf(event: { readonly sequence: number; readonly type: string }): EventRole {
  const role = Object.hasOwn(roles, event.type) ? roles[event.type] : undefined;
  if (role !== undefined) return role;
  throw new Error(`event ${event.sequence} has the type ${event.type}, which this version of the SDK does not know`);
}
