import type { Transition } from "../transition.js";

export type WorkflowStatus = "PENDING" | "RUNNING" | "WAITING" | "COMPLETED" | "FAILED" | "CANCELLED";

export const workflowStatuses: readonly WorkflowStatus[] = [
  "PENDING",
  "RUNNING",
  "WAITING",
  "COMPLETED",
  "FAILED",
  "CANCELLED",
];

/** Every legal change of status. The store's CHECK constraints and the transition tests read this table. */
export const workflowTransitions: Readonly<Record<WorkflowStatus, readonly WorkflowStatus[]>> = {
  PENDING: ["RUNNING", "FAILED", "CANCELLED"],
  RUNNING: ["WAITING", "PENDING", "COMPLETED", "FAILED", "CANCELLED"],
  WAITING: ["PENDING", "FAILED", "CANCELLED"],
  COMPLETED: [],
  FAILED: [],
  CANCELLED: [],
};

export function isWorkflowTerminal(status: WorkflowStatus): boolean {
  return status === "COMPLETED" || status === "FAILED" || status === "CANCELLED";
}

/** What a decision about a workflow needs to know: read under the row lock. */
export interface Workflow {
  readonly id: string;
  readonly orgId: string;
  readonly kind: string;
  readonly queue: string;
  readonly status: WorkflowStatus;
  /** Counts from 1; a retried terminal workflow starts the next run with a clean history. */
  readonly run: number;
  /** Highest event sequence of the current run. */
  readonly sequence: number;
  /** Bytes of the event data of the current run. */
  readonly historyBytes: number;
  /** Sequence of the last event that did not come from the workflow's own worker; 0 when there is none. */
  readonly externalSequence: number;
  /** An external event arrived while a worker held the workflow. */
  readonly wakePending: boolean;
  /** Raised by every claim and every reclaim: the fence. */
  readonly claimEpoch: number;
  readonly workerId: string | null;
  readonly transitionCount: number;
  readonly partitionKey: number;
  readonly rootExecutionId: string;
  readonly traceparent: string;
  readonly hasIdempotencyKey: boolean;
  readonly parentId: string | null;
  /** Its name in the parent; null for a root. */
  readonly childName: string | null;
  /** Sequence of its CHILD_WORKFLOW_INITIATED event; null when no history of a parent holds it. */
  readonly initiatedSequence: number | null;
  readonly signalCount: number;
  /** Activations that failed since the last one that succeeded. */
  readonly activationFailures: number;
  /** It created a timer or a promise in some run: its end may have to close some. */
  readonly hasWaits: boolean;
  /** It ended, and the parent was not told yet. */
  readonly owesParent: boolean;
  /** It was cancelled, and its children may still live. */
  readonly owesMembers: boolean;
  readonly createdAtMs: number;
  readonly output: Uint8Array | null;
  readonly error: string | null;
  readonly cancellation: { reason: string; by: string } | null;
}

export type WorkflowTransition = Transition<WorkflowStatus>;

/** An event to append. The sequence is already the one it will have. */
export interface HistoryEvent {
  readonly sequence: number;
  readonly type: string;
  /** UTF-8 JSON text of one object. */
  readonly data: Uint8Array;
}

/** What a decision changes: the store writes exactly this, in one transaction. */
export interface WorkflowChange {
  readonly next: Workflow;
  readonly events: readonly HistoryEvent[];
  readonly transitions: readonly WorkflowTransition[];
}

/** A decision that changes nothing: the late report of somebody who no longer matters. */
export function unchanged(workflow: Workflow): WorkflowChange {
  return { next: workflow, events: [], transitions: [] };
}
