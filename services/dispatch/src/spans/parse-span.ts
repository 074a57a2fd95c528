import { createHash } from "node:crypto";
import { cutText, isUuid } from "@flovyn/domain";
import type { ExecutionSpan } from "@flovyn/proto/v1";
import type { FinishedSpan } from "@flovyn/runtime";

/** A span whose form is right; whether its execution exists is not known yet. */
export interface ParsedSpan extends Omit<FinishedSpan, "traceId"> {
  /** Undefined for work that belongs to no workflow. */
  workflowId: string | undefined;
  taskId: string | undefined;
}

/** The types that workers report. They become the names of spans, so there may only be few of them. */
const spanTypes = [
  "workflow.execute",
  "workflow.replay",
  "task.execute",
  "task.retry",
  "activity.execute",
  "run.execute",
];
/** Others are left out: workers may put anything into them, also what must not leave the org's systems. */
const attributeKeys = ["task.type", "attempt", "max_attempts", "retry.delay_ms", "workflow.kind", "replay.event_count"];
/** A span with more attributes than this, or larger ones, was not made by a worker of ours. */
const attributesMax = 32;
const attributeLengthMax = 1024;
const errorTypeLengthMax = 255;
/** Longer error messages are cut, as the protocol says. */
const errorMessageLengthMax = 1024;
/** A span may last as long as a task, and clocks may be wrong, but a time outside of this is a mistake of its unit. */
const startedAgoMsMax = 31 * 24 * 3_600_000;
const endsAheadMsMax = 3_600_000;
const nanosPerMs = 1_000_000n;

/** Reads one reported span; undefined when it is malformed. Source: ReportExecutionSpans. */
export function parseSpan(span: ExecutionSpan, nowMs: number): ParsedSpan | undefined {
  const spanId = toSpanId(span.spanId);
  const parentSpanId = span.parentSpanId ? toSpanId(span.parentSpanId) : undefined;
  const startNs = BigInt(span.startTimeUnixNs);
  const endNs = BigInt(span.endTimeUnixNs);
  const wellFormed =
    (parentSpanId !== undefined || !span.parentSpanId) &&
    spanTypes.includes(span.spanType) &&
    (span.workflowId === "standalone" || isUuid(span.workflowId)) &&
    (!span.taskId || isUuid(span.taskId)) &&
    startNs <= endNs &&
    startNs >= BigInt(Math.floor(nowMs) - startedAgoMsMax) * nanosPerMs &&
    endNs <= BigInt(Math.ceil(nowMs) + endsAheadMsMax) * nanosPerMs &&
    areSmall(span.attributes);
  if (!wellFormed || spanId === undefined) return undefined;
  return {
    spanId,
    parentSpanId,
    name: span.spanType,
    workflowId: span.workflowId === "standalone" ? undefined : span.workflowId.toLowerCase(),
    taskId: span.taskId ? span.taskId.toLowerCase() : undefined,
    startNs,
    endNs,
    attributes: Object.fromEntries(Object.entries(span.attributes).filter(([key]) => attributeKeys.includes(key))),
    error: span.isError
      ? {
          type: cutText(span.errorType ?? "", errorTypeLengthMax),
          message: cutText(span.errorMessage ?? "", errorMessageLengthMax),
        }
      : undefined,
  };
}

const otelSpanId = /^(?!0{16})[0-9a-f]{16}$/;

/**
 * The 8 bytes of OpenTelemetry for the id of a worker, as hex: the same for the same id, so that links to parents hold
 * across reports. UUIDs are hashed, because not every version has enough random bits in one half.
 */
function toSpanId(id: string): string | undefined {
  const lower = id.toLowerCase();
  if (otelSpanId.test(lower)) return lower;
  return isUuid(lower) ? createHash("sha256").update(lower).digest("hex").slice(0, 16) : undefined;
}

function areSmall(attributes: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(attributes);
  return (
    entries.length <= attributesMax &&
    entries.every(([key, value]) => key.length <= attributeLengthMax && value.length <= attributeLengthMax)
  );
}
