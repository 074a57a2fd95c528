import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { countWorkflows, findWorkflow, listWorkflows, type WorkflowView as StoredView } from "@flovyn/db";
import {
  checkLength,
  invalidField,
  kindLengthMax,
  parseExecutionId,
  parseInteger,
  queueLengthMax,
  workflowStatuses,
} from "@flovyn/domain";
import { GetWorkflowRequest, ListWorkflowsRequest, ListWorkflowsResponse, WorkflowView } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { formatPlaceCursor, parsePlaceCursor } from "./cursor.js";

const pageLimitMax = 100;
const offsetMax = 100_000;

/** One execution. A tag that names another partition is answered like a missing row. Errors: InvalidInput, NotFound. */
export async function getWorkflow(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetWorkflowRequest, request.payload);
  const { id, partition } = parseExecutionId(message.id, "id");
  const workflow = await findWorkflow(context.db, { orgId: request.caller.orgId, id });
  if (workflow === undefined) throw noSuchWorkflow();
  if (partition !== undefined && partition !== workflow.partitionKey) throw noSuchWorkflow();
  return WorkflowView.encode(toView(workflow)).finish();
}

/** A page of executions, newest first. Errors: InvalidInput. */
export async function listWorkflowViews(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ListWorkflowsRequest, request.payload);
  const limit = parseInteger(message.limit, "limit", 1, pageLimitMax);
  const offset = parseInteger(message.offset, "offset", 0, offsetMax);
  const filter = {
    orgId: request.caller.orgId,
    status: message.status === "" ? null : parseStatus(message.status),
    kind: message.kind ? checkLength(message.kind, "kind", kindLengthMax) : null,
    queue: message.queue ? checkLength(message.queue, "queue", queueLengthMax) : null,
    activationFailing: message.activationFailing,
  };
  const before = parsePlaceCursor(message.cursor);
  const [workflows, total] = await Promise.all([
    listWorkflows(context.db, { ...filter, before, limit: limit + 1, offset }),
    countWorkflows(context.db, filter),
  ]);
  const page = workflows.slice(0, limit);
  return ListWorkflowsResponse.encode({
    workflows: page.map(toView),
    nextCursor: formatPlaceCursor(workflows, page),
    total,
  }).finish();
}

function parseStatus(text: string): string {
  const status = text.toUpperCase();
  if (workflowStatuses.some((known) => known === status)) return status;
  throw invalidField("status", `must be one of ${workflowStatuses.join(", ")}`);
}

function toView(workflow: StoredView): WorkflowView {
  return {
    id: workflow.id,
    orgId: workflow.orgId,
    kind: workflow.kind,
    status: workflow.status,
    queue: workflow.queue,
    input: workflow.input as Buffer,
    output: (workflow.output as Buffer | null) ?? undefined,
    error: workflow.error ?? workflow.cancellationReason ?? undefined,
    currentSequence: workflow.currentSequence,
    run: workflow.run,
    partitionKey: workflow.partitionKey,
    rootExecutionId: workflow.rootExecutionId,
    workflowVersion: workflow.version ?? undefined,
    parentWorkflowExecutionId: workflow.parentId ?? undefined,
    workerId: workflow.workerId ?? undefined,
    priorityMs: workflow.priorityMs,
    metadata: workflow.metadata,
    createdAtMs: workflow.createdAtMs,
    startedAtMs: workflow.startedAtMs ?? undefined,
    completedAtMs: workflow.completedAtMs ?? undefined,
    updatedAtMs: workflow.updatedAtMs,
    activationFailures: workflow.activationFailures,
    lastActivationFailure: workflow.lastActivationFailure ?? undefined,
  };
}
