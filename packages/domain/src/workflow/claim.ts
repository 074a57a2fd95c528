import { DomainError } from "../errors.js";
import { systemActor } from "../transition.js";
import { beginChange, finishChange, moveTo } from "./change.js";
import { unchanged, type Workflow, type WorkflowChange } from "./state.js";

/** The statuses that a claim accepts: also the guard of the claim statement. */
export const claimableStatuses = ["PENDING"] as const;

/** Hands the workflow to one worker. The store does the same in one statement for many rows. */
export function claim(workflow: Workflow, workerId: string): WorkflowChange {
  if (workflow.status !== "PENDING") throw new DomainError("WrongState", `workflow is ${workflow.status}`);
  const change = beginChange({
    ...workflow,
    claimEpoch: workflow.claimEpoch + 1,
    workerId,
    wakePending: false,
  });
  moveTo(change, "RUNNING", { type: "worker", id: workerId });
  return finishChange(change);
}

/**
 * Takes the workflow back from a worker that is gone. Raises the fence, so that what the worker still sends is refused.
 * With `claimEpoch` only that very claim is taken back.
 */
export function release(workflow: Workflow, reason: string, claimEpoch?: number): WorkflowChange {
  if (workflow.status !== "RUNNING") return unchanged(workflow);
  if (claimEpoch !== undefined && claimEpoch !== workflow.claimEpoch) return unchanged(workflow);
  const change = beginChange({
    ...workflow,
    claimEpoch: workflow.claimEpoch + 1,
    workerId: null,
    wakePending: false,
  });
  moveTo(change, "PENDING", systemActor("reclaim"), reason);
  return finishChange(change);
}
