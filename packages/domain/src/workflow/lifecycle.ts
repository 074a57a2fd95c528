import type { Workflow, WorkflowChange, WorkflowStatus, WorkflowTransition } from "./state.js";

/** What happened to one execution, for whoever watches it live. History tells it for ever. */
export interface LifecycleMove {
  orgId: string;
  workflowId: string;
  event:
    | "WORKFLOW_CREATED"
    | "WORKFLOW_STARTED"
    | "WORKFLOW_SUSPENDED"
    | "WORKFLOW_RESUMED"
    | "WORKFLOW_COMPLETED"
    | "WORKFLOW_FAILED"
    | "WORKFLOW_CANCELLED";
  kind: string;
  status: WorkflowStatus;
  timestampMs: number;
  error?: string | undefined;
  parentId?: string | undefined;
  /** Why it suspended, in the words of its worker. */
  suspendType?: string | undefined;
}

/** The moves of one decision, in order. A suspend that finds news is a suspension and a resumption. */
export function lifecycleOf(change: WorkflowChange, now: number, suspendType?: string): LifecycleMove[] {
  return change.transitions.flatMap((transition) => movesOf(change.next, transition, now, suspendType));
}

function movesOf(
  workflow: Workflow,
  { from, to, actor }: WorkflowTransition,
  now: number,
  suspendType: string | undefined,
): LifecycleMove[] {
  const move = (event: LifecycleMove["event"], status: WorkflowStatus = to, why?: string): LifecycleMove => ({
    orgId: workflow.orgId,
    workflowId: workflow.id,
    event,
    kind: workflow.kind,
    status,
    timestampMs: now,
    error: workflow.error ?? workflow.cancellation?.reason,
    parentId: workflow.parentId ?? undefined,
    suspendType: why,
  });
  const suspended = () => move("WORKFLOW_SUSPENDED", "WAITING", suspendType);
  switch (to) {
    case "PENDING":
      if (from === null) return [move("WORKFLOW_CREATED")];
      if (from === "RUNNING" && actor.type === "worker") return [suspended(), move("WORKFLOW_RESUMED")];
      return [move("WORKFLOW_RESUMED")];
    case "RUNNING":
      return [move("WORKFLOW_STARTED")];
    case "WAITING":
      return [suspended()];
    case "COMPLETED":
      return [move("WORKFLOW_COMPLETED")];
    case "FAILED":
      return [move("WORKFLOW_FAILED")];
    case "CANCELLED":
      return [move("WORKFLOW_CANCELLED")];
  }
}
