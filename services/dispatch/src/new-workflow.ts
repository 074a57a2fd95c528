import type { IncomingRequest } from "@flovyn/bus";
import type { NewWorkflow } from "@flovyn/db";
import {
  checkLength,
  checkPayload,
  durationMsMax,
  invalidField,
  newId,
  parseKind,
  parseMetadata,
  parsePriority,
  parseQueue,
  partitionOf,
  startWorkflow,
} from "@flovyn/domain";
import { newTraceparent } from "@flovyn/runtime";
import { callerActor } from "./caller-actor.js";
import type { DispatchContext } from "./context.js";

const versionLengthMax = 50;

/** What a caller says of the execution it wants, as requests carry it. */
export interface WantedWorkflow {
  workflowKind: string;
  queue: string;
  input: Uint8Array;
  metadata: Record<string, string>;
  prioritySeconds: number;
  workflowVersion?: string | undefined;
  delayUntilMs?: number | undefined;
}

/** What an execution takes from the one it belongs to. */
export interface Parent {
  id: string;
  partitionKey: number;
  rootExecutionId: string;
  traceparent: string;
}

/**
 * A new execution for a request, checked and ready to be written. `fields` names what is called otherwise in the request.
 * Errors: InvalidInput, PayloadTooLarge.
 */
export function newWorkflow(
  context: DispatchContext,
  request: IncomingRequest,
  wanted: WantedWorkflow,
  options: { hasKey?: boolean; parent?: Parent | undefined; childName?: string; inputField?: string } = {},
): NewWorkflow {
  const { caller } = request;
  const { parent, childName = null, hasKey = false, inputField = "input" } = options;
  const id = newId();
  const input = checkPayload(wanted.input, inputField);
  const version = wanted.workflowVersion
    ? checkLength(wanted.workflowVersion, "workflow_version", versionLengthMax)
    : null;
  const change = startWorkflow(
    {
      id,
      orgId: caller.orgId,
      kind: parseKind(wanted.workflowKind, "workflow_kind"),
      queue: parseQueue(wanted.queue, "queue"),
      input,
      version,
      parentId: parent?.id ?? null,
      childName,
      initiatedSequence: null,
      partitionKey: parent?.partitionKey ?? partitionOf(id),
      rootExecutionId: parent?.rootExecutionId ?? id,
      traceparent: parent?.traceparent || request.traceparent || newTraceparent(),
      hasIdempotencyKey: hasKey,
      createdAtMs: context.clock.now(),
    },
    callerActor(caller),
  );
  return {
    change,
    input,
    metadata: parseMetadata(wanted.metadata, "metadata"),
    priorityMs: parsePriority(wanted.prioritySeconds, "priority_seconds"),
    version,
    createdBy: caller.principalId,
    ...(wanted.delayUntilMs !== undefined && { delayUntilMs: parseDelay(wanted.delayUntilMs, context.clock.now()) }),
  };
}

/** A time that is over means at once. Errors: InvalidInput. */
function parseDelay(untilMs: number, nowMs: number): number {
  if (untilMs > nowMs + durationMsMax) throw invalidField("delay_until_ms", "must be at most ten years from now");
  return Math.max(untilMs, nowMs);
}
