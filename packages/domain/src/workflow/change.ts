import type { Actor } from "../transition.js";
import type { HistoryEvent, Workflow, WorkflowChange, WorkflowStatus, WorkflowTransition } from "./state.js";

/** Collects what one decision does to one workflow, so that sequences and sort keys are counted in one place. */
export interface ChangeBuilder {
  workflow: Workflow;
  readonly events: HistoryEvent[];
  readonly transitions: WorkflowTransition[];
}

export function beginChange(workflow: Workflow): ChangeBuilder {
  return { workflow, events: [], transitions: [] };
}

/** Appends an event and returns its sequence. */
export function append(change: ChangeBuilder, type: string, data: Uint8Array): number {
  const sequence = change.workflow.sequence + 1;
  change.workflow = { ...change.workflow, sequence };
  change.events.push({ sequence, type, data });
  return sequence;
}

/** Moves the workflow to another status and writes that down. */
export function moveTo(change: ChangeBuilder, to: WorkflowStatus, actor: Actor, reason: string | null = null): void {
  const { status, run, claimEpoch, transitionCount } = change.workflow;
  change.workflow = { ...change.workflow, status: to, transitionCount: transitionCount + 1 };
  change.transitions.push({
    from: status,
    to,
    actor,
    reason,
    attempt: run,
    claimEpoch,
    sortKey: transitionCount + 1,
  });
}

export function finishChange(change: ChangeBuilder): WorkflowChange {
  return { next: change.workflow, events: change.events, transitions: change.transitions };
}
