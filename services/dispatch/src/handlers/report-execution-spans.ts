import { decodeMessage, type RequestHandler } from "@flovyn/bus";
import { cutText } from "@flovyn/domain";
import { ReportExecutionSpansRequest, ReportExecutionSpansResponse, type SdkInfo } from "@flovyn/proto/v1";
import { createSpanExport, type FinishedSpan } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { createExecutionTraces } from "../spans/execution-traces.js";
import { type ParsedSpan, parseSpan } from "../spans/parse-span.js";

/** Of a longer report the first ones count, the others are rejected. */
const spansPerReportMax = 100;
const sdkTextLengthMax = 255;

/**
 * Makes the handler that takes spans of workers and passes them to the configured collector, if there is one. A span that
 * is malformed, beyond the limit, or of an execution that the org does not have is counted as rejected; it never fails
 * the call. Errors: InvalidInput (not the message), Unavailable. Source: ReportExecutionSpans.
 */
export function createReportExecutionSpans(context: DispatchContext): RequestHandler {
  const { clock, config, db, log, metrics } = context;
  const traces = createExecutionTraces(db);
  const spanExport = createSpanExport({ otel: config.otel, log, metrics });
  return async (request) => {
    const { sdkInfo, spans } = decodeMessage(ReportExecutionSpansRequest, request.payload);
    const { orgId } = request.caller;
    const parsed = spans.slice(0, spansPerReportMax).flatMap((span) => parseSpan(span, clock.now()) ?? []);
    await traces.read(orgId, parsed);
    const accepted = parsed.flatMap((span) => {
      const traceId = traces.traceOf(orgId, span);
      return traceId === undefined ? [] : [toFinished(span, orgId, traceId)];
    });
    if (accepted.length > 0) spanExport.send(describeSender(sdkInfo), accepted);
    const rejectedCount = spans.length - accepted.length;
    metrics.spansReported("accepted", accepted.length);
    metrics.spansReported("rejected", rejectedCount);
    return ReportExecutionSpansResponse.encode({ acceptedCount: accepted.length, rejectedCount }).finish();
  };
}

function toFinished({ workflowId, taskId, ...span }: ParsedSpan, orgId: string, traceId: string): FinishedSpan {
  return {
    ...span,
    traceId,
    attributes: {
      ...span.attributes,
      "flovyn.org.id": orgId,
      ...(workflowId !== undefined && { "flovyn.workflow.id": workflowId }),
      ...(taskId !== undefined && { "flovyn.task.id": taskId }),
    },
  };
}

/** The worker by OpenTelemetry's names. */
function describeSender(sdk: SdkInfo | undefined): Record<string, string> {
  const named = {
    "telemetry.sdk.name": "flovyn",
    "telemetry.sdk.language": sdk?.language,
    "telemetry.sdk.version": sdk?.sdkVersion,
    "process.runtime.version": sdk?.runtimeVersion,
    "os.type": sdk?.os,
    "host.arch": sdk?.arch,
    "host.name": sdk?.hostname,
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, text]) => (text ? [[name, cutText(text, sdkTextLengthMax)]] : [])),
  );
}
