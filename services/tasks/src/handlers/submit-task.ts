import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import {
  checkOrg,
  checkPayload,
  durationMsMax,
  keyLengthMax,
  maxRetriesMax,
  newId,
  parseInteger,
  parseKeyTtl,
  parseKind,
  parseMetadata,
  parseQueue,
  parseRetryPolicy,
  parseText,
  parseUuid,
  partitionOf,
} from "@flovyn/domain";
import { SubmitTaskRequest, SubmitTaskResponse } from "@flovyn/proto/v1";
import { newTraceparent } from "@flovyn/runtime";
import type { Batches } from "../batches/index.js";

/**
 * Creates a task: standalone, or attached to a workflow, in whose history it leaves no trace (an event would shift
 * replay). Errors: InvalidInput, PayloadTooLarge, Forbidden, NotFound, WrongState, AlreadyExists. Source: SubmitTask.
 */
export async function submitTask(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(SubmitTaskRequest, request.payload);
  const { caller } = request;
  checkOrg(message.orgId, caller.orgId);
  const id = newId();
  const key = message.idempotencyKey
    ? {
        key: parseText(message.idempotencyKey, "idempotency_key", keyLengthMax),
        ttlSeconds: parseKeyTtl(message.idempotencyKeyTtlSeconds, "idempotency_key_ttl_seconds"),
      }
    : undefined;
  const policy = message.retryPolicy ? parseRetryPolicy(message.retryPolicy, "retry_policy") : null;
  const submitted = await batches.submit.submit({
    row: {
      id,
      orgId: caller.orgId,
      workflowId: message.workflowExecutionId ? parseUuid(message.workflowExecutionId, "workflow_execution_id") : null,
      kind: parseKind(message.kind, "kind"),
      queue: parseQueue(message.queue, "queue"),
      partitionKey: partitionOf(id),
      rootId: id,
      input: checkPayload(message.input, "input"),
      metadata: parseMetadata(message.metadata, "metadata"),
      policy: policy === null ? null : JSON.stringify({ retry: policy }),
      priorityMs: 0,
      maxRetries: parseInteger(message.maxRetries, "max_retries", 0, maxRetriesMax),
      scheduledSequence: null,
      createdBy: caller.principalId,
      traceparent: request.traceparent || newTraceparent(),
      hasIdempotencyKey: key !== undefined,
    },
    // 0 is how the wire says "none".
    timeoutMs: message.timeoutMs === 0 ? null : parseInteger(message.timeoutMs, "timeout_ms", 1, durationMsMax),
    key,
    actor: { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId },
  });
  return SubmitTaskResponse.encode({
    taskExecutionId: submitted.id,
    idempotencyKeyUsed: key !== undefined,
    idempotencyKeyNew: submitted.isNew,
  }).finish();
}
