import type { RetryPolicy } from "../retry-policy.js";
import type { Transition } from "../transition.js";
import type { ExternalEvent } from "../workflow/append-external.js";

export type TaskStatus = "PENDING" | "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED";

export const taskStatuses: readonly TaskStatus[] = ["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"];

/** Every legal change of status. */
export const taskTransitions: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  PENDING: ["RUNNING", "COMPLETED", "FAILED", "CANCELLED"],
  RUNNING: ["PENDING", "COMPLETED", "FAILED", "CANCELLED"],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
};

export function isTaskTerminal(status: TaskStatus): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}

/** What a decision about a task needs to know: read under the row lock, after the lock of its workflow. */
export interface Task {
  readonly id: string;
  readonly orgId: string;
  readonly workflowId: string | null;
  readonly kind: string;
  readonly queue: string;
  readonly status: TaskStatus;
  /** Number of claims so far; the attempt that runs. */
  readonly executionCount: number;
  /** Failed and timed-out attempts: what the retry budget counts. */
  readonly failureCount: number;
  /** Attempts that were taken back from a silent worker; they cost no retry. */
  readonly reclaimCount: number;
  readonly maxRetries: number;
  readonly retryPolicy: RetryPolicy | null;
  readonly claimEpoch: number;
  /** Of the worker that runs it; while it is PENDING of the one that it was taken back from, null where that was none. */
  readonly workerId: string | null;
  readonly startedAtMs: number | null;
  readonly deadlineAtMs: number | null;
  /** When it may be claimed. */
  readonly availableAtMs: number;
  /** Sequence of its TASK_SCHEDULED event; null for a task that is not in any history. */
  readonly scheduledSequence: number | null;
  readonly transitionCount: number;
  readonly hasIdempotencyKey: boolean;
  readonly createdAtMs: number;
  readonly output: Uint8Array | null;
  readonly error: string | null;
  readonly terminalReason: "DEADLINE" | "MAX_RECLAIMS" | null;
}

export type TaskTransition = Transition<TaskStatus>;

export type AttemptStatus = "COMPLETED" | "FAILED" | "TIMEOUT" | "CANCELLED" | "RECLAIMED";

/** An attempt that ended. Attempts that still run are the RUNNING task itself. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly status: AttemptStatus;
  readonly workerId: string | null;
  readonly claimEpoch: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly output: Uint8Array | null;
  readonly error: string | null;
  /** It was written down as RECLAIMED before. */
  readonly amends?: true;
}

export interface TaskChange {
  readonly next: Task;
  readonly transitions: readonly TaskTransition[];
  readonly attempt: EndedAttempt | null;
  /** What the workflow learns; empty for standalone tasks and for attempts that are not the last. */
  readonly workflowEvents: readonly ExternalEvent[];
}

export function unchangedTask(task: Task): TaskChange {
  return { next: task, transitions: [], attempt: null, workflowEvents: [] };
}
