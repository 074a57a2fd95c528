import { formatExecutionId } from "@flovyn/domain";
import type { EventView, TaskView, WorkflowView } from "@flovyn/proto/internal";
import { type JsonField, type JsonText, jsonObject, jsonPayload, jsonTrusted } from "./json-text.js";

/** What REST shows of executions. Payloads go out byte for byte. */

export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

/** What became of the idempotency key. The key of a request without one is neither used nor new, whatever the wire says. */
export function keyMembers(answer: { idempotencyKeyUsed: boolean; idempotencyKeyNew: boolean }): JsonField[] {
  const { idempotencyKeyUsed: used, idempotencyKeyNew: isNew } = answer;
  return [
    ["idempotencyKeyUsed", used],
    ["idempotencyKeyNew", used && isNew],
  ];
}

export function workflowJson(view: WorkflowView): JsonText {
  return jsonObject([
    ...workflowSummary(view),
    ["input", jsonPayload(view.input)],
    ["output", jsonPayload(view.output)],
  ]);
}

/** Without payloads: a page of them could be hundreds of megabytes. */
export function workflowSummaryJson(view: WorkflowView): JsonText {
  return jsonObject(workflowSummary(view));
}

function workflowSummary(view: WorkflowView): JsonField[] {
  return [
    ...identity(view),
    ["kind", view.kind],
    ["workflowKind", view.kind],
    ["status", view.status],
    ["queue", view.queue],
    ["error", view.error ?? null],
    ["currentSequence", view.currentSequence],
    ["run", view.run],
    ["rootExecutionId", view.rootExecutionId],
    ["workflowVersion", view.workflowVersion ?? null],
    ["parentWorkflowExecutionId", view.parentWorkflowExecutionId ?? null],
    ["workerId", view.workerId ?? null],
    ["prioritySeconds", view.priorityMs / 1000],
    ["metadata", jsonTrusted(view.metadata, "{}")],
    ["activationFailures", view.activationFailures],
    ["lastActivationFailure", activationFailureJson(view.lastActivationFailure)],
    ["createdAt", timeText(view.createdAtMs)],
    ["startedAt", optionalTime(view.startedAtMs)],
    ["completedAt", optionalTime(view.completedAtMs)],
    ["updatedAt", timeText(view.updatedAtMs)],
  ];
}

function activationFailureJson(failure: WorkflowView["lastActivationFailure"]): JsonText | null {
  if (failure === undefined) return null;
  return jsonObject([
    ["reason", failure.reason],
    ["message", failure.message],
    ["eventSequence", failure.eventSequence === 0 ? null : failure.eventSequence],
    ["at", timeText(failure.atMs)],
    ["nextTryAt", timeText(failure.nextTryAtMs)],
  ]);
}

/** Where to read on about an execution, below the name of the org's routes that the caller used. */
export function workflowLinks(base: { path: string }, slug: string, id: string): JsonText {
  const self = `${base.path.replace("{slug}", slug)}/workflow-executions/${id}`;
  return jsonObject([
    ["self", self],
    ["events", `${self}/events`],
  ]);
}

/** Both names of each fact, because clients expect one or the other. */
export function eventJson(event: EventView): JsonText {
  const time = timeText(event.createdAtMs);
  return jsonObject([
    ["sequence", event.sequence],
    ["sequenceNumber", event.sequence],
    ["eventType", event.eventType],
    ["timestamp", time],
    ["createdAt", time],
    ["data", jsonTrusted(event.eventData, "{}")],
  ]);
}

export function taskJson(view: TaskView, more: readonly JsonField[] = []): JsonText {
  return jsonObject([
    ...identity(view),
    ["kind", view.kind],
    ["status", view.status],
    ["queue", view.queue],
    ["workflowExecutionId", view.workflowExecutionId ?? null],
    ["rootExecutionId", view.rootExecutionId],
    ["executionCount", view.executionCount],
    ["maxRetries", view.maxRetries],
    ["progress", view.progress ?? null],
    ["progressDetails", view.progressDetails ?? null],
    ["input", jsonPayload(view.input)],
    ["output", jsonPayload(view.output)],
    ["error", view.error ?? null],
    ["workerId", view.workerId ?? null],
    ["metadata", jsonTrusted(view.metadata, "{}")],
    ["createdAt", timeText(view.createdAtMs)],
    ["startedAt", optionalTime(view.startedAtMs)],
    ["completedAt", optionalTime(view.completedAtMs)],
    ...more,
  ]);
}

function identity(view: { id: string; partitionKey: number; orgId: string }): JsonField[] {
  return [
    ["id", view.id],
    ["executionId", formatExecutionId(view.id, view.partitionKey)],
    ["partition", view.partitionKey],
    ["orgId", view.orgId],
  ];
}

export function optionalTime(ms: number | undefined): string | null {
  return ms === undefined ? null : timeText(ms);
}
