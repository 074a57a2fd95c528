import { eventData, rawJson } from "../event-data.js";
import type { Actor } from "../transition.js";
import type { Workflow, WorkflowChange } from "./state.js";

export interface StartWorkflow {
  id: string;
  orgId: string;
  kind: string;
  queue: string;
  input: Uint8Array;
  version: string | null;
  parentId: string | null;
  childName: string | null;
  initiatedSequence: number | null;
  partitionKey: number;
  rootExecutionId: string;
  traceparent: string;
  hasIdempotencyKey: boolean;
  createdAtMs: number;
}

/** A new workflow: PENDING, with WORKFLOW_STARTED as event 1. */
export function startWorkflow(start: StartWorkflow, actor: Actor): WorkflowChange {
  const data = eventData([
    ["input", rawJson(start.input)],
    ["workflowKind", start.kind],
    ["queue", start.queue],
    ["workflowVersion", start.version],
    ["parentWorkflowExecutionId", start.parentId],
  ]);
  const next: Workflow = {
    id: start.id,
    orgId: start.orgId,
    kind: start.kind,
    queue: start.queue,
    status: "PENDING",
    run: 1,
    sequence: 1,
    historyBytes: data.byteLength,
    externalSequence: 0,
    wakePending: false,
    claimEpoch: 0,
    workerId: null,
    transitionCount: 1,
    partitionKey: start.partitionKey,
    rootExecutionId: start.rootExecutionId,
    traceparent: start.traceparent,
    hasIdempotencyKey: start.hasIdempotencyKey,
    parentId: start.parentId,
    childName: start.childName,
    initiatedSequence: start.initiatedSequence,
    signalCount: 0,
    activationFailures: 0,
    hasWaits: false,
    owesParent: false,
    owesMembers: false,
    createdAtMs: start.createdAtMs,
    output: null,
    error: null,
    cancellation: null,
  };
  return {
    next,
    events: [{ sequence: 1, type: "WORKFLOW_STARTED", data }],
    transitions: [{ from: null, to: "PENDING", actor, reason: null, attempt: 1, claimEpoch: 0, sortKey: 1 }],
  };
}
