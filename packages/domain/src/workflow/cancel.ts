import { eventData } from "../event-data.js";
import type { Actor } from "../transition.js";
import { append, beginChange, finishChange, moveTo } from "./change.js";
import { isWorkflowTerminal, unchanged, type Workflow, type WorkflowChange } from "./state.js";

/**
 * Ends a live workflow as CANCELLED at once, also while a worker runs it: no worker takes part in cancelling, and what
 * the worker still sends is ignored. A terminal workflow stays as it is. Its children go with it unless `withMembers` is
 * false; its tasks are cancelled by the caller.
 */
export function cancel(
  workflow: Workflow,
  reason: string,
  actor: Actor,
  { withMembers = true }: { withMembers?: boolean } = {},
): WorkflowChange {
  if (isWorkflowTerminal(workflow.status)) return unchanged(workflow);
  const change = beginChange({
    ...workflow,
    cancellation: { reason, by: actor.id },
    workerId: null,
    wakePending: false,
  });
  append(
    change,
    "CANCELLATION_REQUESTED",
    eventData([
      ["reason", reason],
      ["requestedBy", actor.id],
    ]),
  );
  append(change, "WORKFLOW_CANCELLED", eventData([["reason", reason]]));
  moveTo(change, "CANCELLED", actor, reason);
  if (!withMembers) change.workflow = { ...change.workflow, owesMembers: false };
  return finishChange(change);
}
