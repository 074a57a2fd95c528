import { StartWorkflowRequest } from "@flovyn/proto/v1";
import type { DurationInput } from "../duration.js";
import { encodeJson } from "../json.js";
import { key, keyTtl, metadata, priority, queue, time, version } from "../options/checks.js";
import { type OptionTable, readOptions } from "../options/read-options.js";

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
  /** It is not handed out before this time, at most ten years from now. */
  delayUntil?: Date | number;
  /** Text by key that is kept with the execution. */
  metadata?: Record<string, string>;
}

export const startTable = {
  queue,
  idempotencyKey: key,
  idempotencyKeyTtl: keyTtl,
  priority,
  version,
  delayUntil: time,
  metadata,
} satisfies OptionTable<StartOptions>;

/** Errors: RangeError naming the option, TypeError when the input has no JSON form. */
export function toStartRequest(
  start: { orgId: string; queue: string; kind: string; input: unknown },
  options: StartOptions,
): StartWorkflowRequest {
  const read = readOptions(options, `startWorkflow(${JSON.stringify(start.kind)}): `, startTable);
  return StartWorkflowRequest.fromPartial({
    orgId: start.orgId,
    workflowKind: start.kind,
    input: encodeJson(start.input, `the input of workflow "${start.kind}"`),
    metadata: read.metadata ?? {},
    queue: read.queue ?? start.queue,
    prioritySeconds: read.priority ?? 0,
    workflowVersion: read.version,
    delayUntilMs: read.delayUntil,
    idempotencyKey: read.idempotencyKey,
    idempotencyKeyTtlSeconds: read.idempotencyKeyTtl,
  });
}
