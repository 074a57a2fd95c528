import {
  invalidField,
  keyLengthMax,
  nameLengthMax,
  parseKind,
  parseName,
  parsePriority,
  parseQueue,
  parseText,
} from "@flovyn/domain";
import type { SignalWithStartWorkflowRequest, SignalWorkflowRequest } from "@flovyn/proto/v1";
import { readPayload } from "./body.js";
import { checkFields, parseTtl } from "./fields.js";
import type { RawObject } from "./raw-json.js";
import { signalBody, signalWithStartBody } from "./routes/signal-schemas.js";
import { isPresent, readMetadata } from "./start-requests.js";

/** Errors: InvalidInput naming the member of the body, PayloadTooLarge. */
export function readSignal(
  body: RawObject,
  { orgId, workflowExecutionId }: { orgId: string; workflowExecutionId: string },
): SignalWorkflowRequest {
  const fields = checkFields(signalBody, body);
  return { orgId, workflowExecutionId, ...readSignalFields(fields, body) };
}

/** Errors: InvalidInput naming the member of the body, PayloadTooLarge. */
export function readSignalWithStart(body: RawObject, orgId: string): SignalWithStartWorkflowRequest {
  const fields = checkFields(signalWithStartBody, body);
  const kind = oneSpelling(body, "workflowKind", "kind");
  const prioritySeconds = fields.prioritySeconds ?? 0;
  parsePriority(prioritySeconds, "prioritySeconds");
  return {
    orgId,
    workflowId: parseText(fields.workflowId, "workflowId", keyLengthMax),
    workflowKind: parseKind(fields[kind] ?? "", kind),
    workflowInput: readPayload(body, oneSpelling(body, "workflowInput", "input"), "{}"),
    queue: parseQueue(fields.queue ?? "", "queue"),
    prioritySeconds,
    workflowVersion: isPresent(fields.version) ? parseText(fields.version, "version", nameLengthMax) : undefined,
    metadata: readMetadata(fields.metadata),
    idempotencyKeyTtlSeconds: isPresent(fields.idempotencyKeyTTL)
      ? parseTtl(fields.idempotencyKeyTTL, "idempotencyKeyTTL")
      : undefined,
    ...readSignalFields(fields, body),
  };
}

interface SignalFields {
  signalName: string;
  signalId?: string | null | undefined;
}

function readSignalFields({ signalName, signalId }: SignalFields, body: RawObject) {
  return {
    signalName: parseName(signalName, "signalName"),
    signalValue: readPayload(body, "signalValue", "null"),
    signalId: isPresent(signalId) ? parseText(signalId, "signalId", keyLengthMax) : undefined,
  };
}

/** Which of two spellings of a member the body uses. Errors: InvalidInput when it uses both. */
function oneSpelling<First extends string, Second extends string>(
  body: RawObject,
  first: First,
  second: Second,
): First | Second {
  if (body.raw(second) === undefined) return first;
  if (body.raw(first) !== undefined) throw invalidField(second, `must not be given with ${first}`);
  return second;
}
