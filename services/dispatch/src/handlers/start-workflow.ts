import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findWorkflow } from "@flovyn/db";
import { checkOrg, keyLengthMax, missingOf, parseKeyTtl, parseText, parseUuid } from "@flovyn/domain";
import { StartWorkflowRequest, StartWorkflowResponse } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import type { DispatchContext } from "../context.js";
import { newWorkflow, type Parent } from "../new-workflow.js";

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
  const key = message.idempotencyKey
    ? {
        key: parseText(message.idempotencyKey, "idempotency_key", keyLengthMax),
        ttlSeconds: parseKeyTtl(message.idempotencyKeyTtlSeconds, "idempotency_key_ttl_seconds"),
      }
    : undefined;
  const parent = message.parentWorkflowExecutionId
    ? await findParent(context, caller.orgId, message.parentWorkflowExecutionId)
    : undefined;
  const workflow = newWorkflow(context, request, message, { hasKey: key !== undefined, parent });
  const started = await batches.start.submit({ started: workflow, key });
  return StartWorkflowResponse.encode({
    workflowExecutionId: started.id,
    idempotencyKeyUsed: key !== undefined,
    idempotencyKeyNew: started.isNew,
  }).finish();
}

async function findParent(context: DispatchContext, orgId: string, text: string): Promise<Parent> {
  const id = parseUuid(text, "parent_workflow_execution_id");
  const parent = await findWorkflow(context.db, { orgId, id });
  // It belongs to the parent without being in its history, and keeps a trace of its own.
  if (parent !== undefined) return { ...parent, traceparent: "" };
  throw missingOf("parent_workflow_execution_id", "there is no such workflow execution");
}
