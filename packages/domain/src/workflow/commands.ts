import type { CreatePromise } from "../promise/state.js";
import type { RetryPolicy } from "../retry-policy.js";

/** A command of a workflow worker, parsed and checked, before anything is known about the workflow. */
export type WorkflowCommand =
  | { type: "RECORD_OPERATION"; name: string; result: Uint8Array }
  | { type: "SET_STATE"; key: string; value: Uint8Array }
  | { type: "CLEAR_STATE"; key: string }
  | ({ type: "SCHEDULE_TASK" } & ScheduleTask)
  | { type: "START_TIMER"; timerId: string; durationMs: number }
  | { type: "CANCEL_TIMER"; timerId: string }
  | ({ type: "CREATE_PROMISE" } & CreatePromise)
  | { type: "RESOLVE_PROMISE"; promise: string; value: Uint8Array }
  | ({ type: "SCHEDULE_CHILD_WORKFLOW" } & ScheduleChild)
  /** A child is named by its id, or, where the caller has none, by its name. */
  | { type: "REQUEST_CANCEL_CHILD_WORKFLOW"; childId: string | null; name: string; reason: string };

export interface ScheduleTask {
  taskId: string;
  kind: string;
  input: Uint8Array;
  maxRetries: number;
  timeoutMs: number | null;
  /** Null: the queue of the workflow. */
  queue: string | null;
  priorityMs: number;
  retryPolicy: RetryPolicy | null;
  idempotencyKey: string | null;
  keyTtlSeconds: number;
}

export interface ScheduleChild {
  childId: string;
  /** Unique in the parent: ends are looked up by it. */
  name: string;
  kind: string;
  input: Uint8Array;
  /** Null: the queue of the parent. */
  queue: string | null;
  priorityMs: number;
}

/** How an activation ended. */
export type ActivationOutcome =
  /** The reason is for people and live streams. */
  | { type: "SUSPENDED"; reason?: string }
  | { type: "COMPLETED"; output: Uint8Array }
  | { type: "FAILED"; error: string; stackTrace: string; failureType: string }
  | { type: "CANCELLED"; reason: string };

export interface Submission {
  commands: readonly WorkflowCommand[];
  outcome: ActivationOutcome;
  /** Only callers that know it send it. */
  claimEpoch?: number;
  /** Highest event sequence the worker had when it ran. */
  seenSequence?: number;
  /**
   * The sequence up to which the worker was given the history, as far as the server knows. 0: it ran without the history.
   */
  historySequence?: number;
}
