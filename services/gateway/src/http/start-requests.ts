import {
  durationMsMax,
  keyLengthMax,
  nameLengthMax,
  parseInteger,
  parseKind,
  parseMetadata,
  parsePriority,
  parseQueue,
  parseText,
} from "@flovyn/domain";
import type { StartWorkflowRequest, SubmitTaskRequest } from "@flovyn/proto/v1";
import { readInput } from "./body.js";
import { checkFields, parseTtl } from "./fields.js";
import type { RawObject } from "./raw-json.js";
import { startWorkflowBody, submitTaskBody } from "./routes/schemas.js";
import { parseTimeText } from "./time-text.js";

const maxRetriesDefault = 3;

/** Errors: InvalidInput naming the member of the body, PayloadTooLarge. */
export function readStartWorkflow(body: RawObject, orgId: string): StartWorkflowRequest {
  const fields = checkFields(startWorkflowBody, body);
  const prioritySeconds = fields.prioritySeconds ?? 0;
  parsePriority(prioritySeconds, "prioritySeconds");
  return {
    orgId,
    workflowKind: parseKind(fields.kind, "kind"),
    input: readInput(body),
    metadata: readMetadata(fields.metadata),
    queue: parseQueue(fields.queue ?? "", "queue"),
    prioritySeconds,
    workflowDefinitionId: undefined,
    parentWorkflowExecutionId: undefined,
    workflowVersion: isPresent(fields.version) ? parseText(fields.version, "version", nameLengthMax) : undefined,
    delayUntilMs: isPresent(fields.delayUntil) ? parseTimeText(fields.delayUntil, "delayUntil") : undefined,
    ...readKey(fields),
  };
}

/** Errors: InvalidInput naming the member of the body, PayloadTooLarge. */
export function readSubmitTask(body: RawObject, orgId: string): SubmitTaskRequest {
  const fields = checkFields(submitTaskBody, body);
  return {
    workflowExecutionId: "",
    orgId,
    kind: parseKind(fields.kind, "kind"),
    input: readInput(body),
    metadata: readMetadata(fields.metadata),
    maxRetries: fields.maxRetries ?? maxRetriesDefault,
    timeoutMs: isPresent(fields.timeoutMs) ? parseInteger(fields.timeoutMs, "timeoutMs", 1, durationMsMax) : 0,
    queue: parseQueue(fields.queue ?? "", "queue"),
    workerPoolId: undefined,
    retryPolicy: isPresent(fields.retry) ? JSON.stringify(fields.retry) : undefined,
    ...readKey(fields),
  };
}

export function readMetadata(metadata: Record<string, string> | null | undefined): Record<string, string> {
  const given = metadata ?? {};
  parseMetadata(given, "metadata");
  return given;
}

interface KeyFields {
  idempotencyKey?: string | null | undefined;
  idempotencyKeyTTL?: string | null | undefined;
}

function readKey({ idempotencyKey, idempotencyKeyTTL }: KeyFields): {
  idempotencyKey: string | undefined;
  idempotencyKeyTtlSeconds: number | undefined;
} {
  const ttlSeconds = isPresent(idempotencyKeyTTL) ? parseTtl(idempotencyKeyTTL, "idempotencyKeyTTL") : undefined;
  if (!isPresent(idempotencyKey)) return { idempotencyKey: undefined, idempotencyKeyTtlSeconds: undefined };
  return {
    idempotencyKey: parseText(idempotencyKey, "idempotencyKey", keyLengthMax),
    idempotencyKeyTtlSeconds: ttlSeconds,
  };
}

export function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}
