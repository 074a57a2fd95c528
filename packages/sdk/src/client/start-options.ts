import { StartWorkflowRequest } from "@flovyn/proto/v1";
import { type DurationInput, toMilliseconds } from "../duration.js";
import { encodeJson } from "../json.js";

export interface StartOptions {
  /** Default: the queue of the client. */
  queue?: string;
  /** A second start with the same key in the org gives the workflow of the first. */
  idempotencyKey?: string;
  /** How long the key is kept, 24 h when left out, 30 days at most. */
  idempotencyKeyTtl?: DurationInput;
  /** Head start in seconds, -100 to 9000; positive runs earlier. */
  priority?: number;
  version?: string;
  /** Text by key that is kept with the execution. */
  metadata?: Record<string, string>;
}

/** Errors: RangeError, TypeError when the input has no JSON form. */
export function toStartRequest(
  start: { orgId: string; queue: string; kind: string; input: unknown },
  options: StartOptions,
): StartWorkflowRequest {
  const { idempotencyKeyTtl: ttl } = options;
  return StartWorkflowRequest.fromPartial({
    orgId: start.orgId,
    workflowKind: start.kind,
    input: encodeJson(start.input, `the input of workflow "${start.kind}"`),
    metadata: options.metadata ?? {},
    queue: options.queue ?? start.queue,
    prioritySeconds: options.priority ?? 0,
    workflowVersion: options.version,
    idempotencyKey: options.idempotencyKey,
    idempotencyKeyTtlSeconds:
      ttl === undefined ? undefined : Math.ceil(toMilliseconds(ttl, "idempotencyKeyTtl") / 1000),
  });
}
