import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findWorkflow } from "@flovyn/db";
import {
  checkLength,
  checkOrg,
  checkPayload,
  DomainError,
  keyLengthMax,
  newId,
  parseKeyTtl,
  parseKind,
  parseMetadata,
  parsePriority,
  parseQueue,
  parseText,
  parseUuid,
  partitionOf,
  startWorkflow,
} from "@flovyn/domain";
import { StartWorkflowRequest, StartWorkflowResponse } from "@flovyn/proto/v1";
import { newTraceparent } from "@flovyn/runtime";
import type { Batches } from "../batches/index.js";
import type { DispatchContext } from "../context.js";

const versionLengthMax = 50;

/**
 * Creates an execution, or answers with the one that holds the idempotency key. Errors: InvalidInput, PayloadTooLarge,
 * Forbidden, NotFound (parent), AlreadyExists (key held by a task). Source: StartWorkflow.
 */
export async function startWorkflowExecution(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(StartWorkflowRequest, request.payload);
  const { caller } = request;
  checkOrg(message.orgId, caller.orgId);
  const id = newId();
  const kind = parseKind(message.workflowKind, "workflow_kind");
  const queue = parseQueue(message.queue, "queue");
  const input = checkPayload(message.input, "input");
  const metadata = parseMetadata(message.metadata, "metadata");
  const priorityMs = parsePriority(message.prioritySeconds, "priority_seconds");
  const version = message.workflowVersion
    ? checkLength(message.workflowVersion, "workflow_version", versionLengthMax)
    : null;
  const key = message.idempotencyKey
    ? {
        key: parseText(message.idempotencyKey, "idempotency_key", keyLengthMax),
        ttlSeconds: parseKeyTtl(message.idempotencyKeyTtlSeconds, "idempotency_key_ttl_seconds"),
      }
    : undefined;
  const parent = message.parentWorkflowExecutionId
    ? await findParent(context, caller.orgId, message.parentWorkflowExecutionId)
    : undefined;
  const facts = {
    id,
    orgId: caller.orgId,
    kind,
    queue,
    version,
    parentId: parent?.id ?? null,
    partitionKey: parent?.partitionKey ?? partitionOf(id),
    traceparent: request.traceparent || newTraceparent(),
    hasIdempotencyKey: key !== undefined,
    createdAtMs: context.clock.now(),
    input,
  };
  const rootExecutionId = parent?.rootExecutionId ?? id;
  const actor = { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId } as const;
  const change = startWorkflow({ ...facts, rootExecutionId }, actor);
  const row = { ...facts, rootId: rootExecutionId, metadata, priorityMs, createdBy: caller.principalId };
  const started = await batches.start.submit({ row, change, key });
  return StartWorkflowResponse.encode({
    workflowExecutionId: started.id,
    idempotencyKeyUsed: key !== undefined,
    idempotencyKeyNew: started.isNew,
  }).finish();
}

async function findParent(context: DispatchContext, orgId: string, text: string) {
  const id = parseUuid(text, "parent_workflow_execution_id");
  const parent = await findWorkflow(context.db, { orgId, id });
  if (parent !== undefined) return parent;
  throw new DomainError("NotFound", "parent_workflow_execution_id: there is no such workflow execution");
}
