import type { RetryPolicy } from "../retry-policy.js";

/** A command of a workflow worker, parsed and checked, before anything is known about the workflow. */
export type WorkflowCommand =
  | { type: "RECORD_OPERATION"; name: string; result: Uint8Array }
  | { type: "SET_STATE"; key: string; value: Uint8Array }
  | { type: "CLEAR_STATE"; key: string }
  | ({ type: "SCHEDULE_TASK" } & ScheduleTask);

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

/** How an activation ended. */
export type ActivationOutcome =
  | { type: "SUSPENDED" }
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
}
