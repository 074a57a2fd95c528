import type { Actor } from "../transition.js";
import {
  type HistoryEvent,
  isWorkflowTerminal,
  type Workflow,
  type WorkflowChange,
  type WorkflowStatus,
  type WorkflowTransition,
} from "./state.js";

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
  const historyBytes = change.workflow.historyBytes + data.byteLength;
  change.workflow = { ...change.workflow, sequence, historyBytes };
  change.events.push({ sequence, type, data });
  return sequence;
}

/** Appends an event that the workflow has to see: a suspend that follows it goes to PENDING. */
export function appendWaking(change: ChangeBuilder, type: string, data: Uint8Array): void {
  const externalSequence = append(change, type, data);
  change.workflow = { ...change.workflow, externalSequence, wakePending: true };
}

/** Moves the workflow to another status and writes that down. An end leaves what has to be told to parent and members. */
export function moveTo(change: ChangeBuilder, to: WorkflowStatus, actor: Actor, reason: string | null = null): void {
  const { status, run, claimEpoch, transitionCount } = change.workflow;
  change.workflow = { ...change.workflow, status: to, transitionCount: transitionCount + 1 };
  if (isWorkflowTerminal(to)) {
    const { initiatedSequence } = change.workflow;
    change.workflow = { ...change.workflow, owesParent: initiatedSequence !== null, owesMembers: to === "CANCELLED" };
  }
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
