import type { RequestHeader } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { ExecutionSpan, ReportExecutionSpansRequest, ReportExecutionSpansResponse, SdkInfo } from "@flovyn/proto/v1";
import { createMetrics, loadConfig } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createReportExecutionSpans } from "../src/handlers/report-execution-spans.js";
import { dispatchRpc, Harness } from "./harness.js";
import { OtlpReceiver } from "./otlp-receiver.js";

const harness = new Harness();
const receiver = new OtlpReceiver();
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
let workflowId: string;

beforeAll(async () => {
  await harness.start(1);
  await receiver.start();
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  workflowId = (await harness.startWorkflow({}, { traceparent })).workflowExecutionId;
});

afterAll(async () => {
  await receiver.stop();
  await harness.stop();
});

const nanos = (ms: number) => `${harness.clock.now() + ms}000000`;

const span = (change: Partial<ExecutionSpan> = {}) =>
  ExecutionSpan.fromPartial({
    spanId: newId(),
    spanType: "workflow.execute",
    workflowId,
    startTimeUnixNs: nanos(-20),
    endTimeUnixNs: nanos(-10),
    ...change,
  });

/** Through the bus, as the gateway asks. */
const report = (spans: ExecutionSpan[], header?: Partial<RequestHeader>) =>
  harness.call(
    dispatchRpc("ReportExecutionSpans"),
    [ReportExecutionSpansRequest, ReportExecutionSpansResponse],
    { spans },
    header,
  );

/** The handler of a replica that exports. */
function exporting(env: Record<string, string> = {}) {
  const metrics = createMetrics({ service: "test", processMetrics: false });
  const config = loadConfig({ env: { OTEL__ENABLED: "true", OTEL__ENDPOINT: receiver.url, ...env } });
  const handle = createReportExecutionSpans({ ...harness.context, config, metrics });
  return {
    metrics,
    report: async (message: Partial<ReportExecutionSpansRequest>) => {
      const request = ReportExecutionSpansRequest.fromPartial(message);
      const answer = await handle({
        ...{ operation: "ReportExecutionSpans", caller: harness.caller, requestId: "r", traceparent: "" },
        timeoutMs: 20_000,
        payload: ReportExecutionSpansRequest.encode(request).finish(),
      });
      return ReportExecutionSpansResponse.decode(answer);
    },
  };
}

describe("ReportExecutionSpans", () => {
  it("exports spans with their parents, in the trace of their workflow", async () => {
    const { report } = exporting({ OTEL__HEADERS: '{"x-key":"k"}', OTEL__SERVICE_NAME: "orders" });
    const [parent, child] = [newId(), newId().toUpperCase()];
    const answer = await report({
      sdkInfo: SdkInfo.fromPartial({ language: "rust", sdkVersion: "0.3.0", os: "linux", hostname: "h" }),
      spans: [
        span({ spanId: parent, attributes: { "workflow.kind": "order", "customer.email": "a@b" } }),
        span({
          spanId: child,
          parentSpanId: parent,
          spanType: "workflow.replay",
          startTimeUnixNs: "1767225599980000001",
          endTimeUnixNs: "1767225599990000009",
          isError: true,
          errorType: "Timeout",
          errorMessage: "x".repeat(2000),
        }),
      ],
    });
    expect(answer).toEqual({ acceptedCount: 2, rejectedCount: 0 });
    await waitFor("the spans to arrive", () => receiver.spans.length === 2);
    const [execute, replay] = receiver.spans.splice(0);
    expect(execute).toMatchObject({ traceId, name: "workflow.execute", status: { code: 0 } });
    expect(execute?.parentSpanId).toBeUndefined();
    expect(execute?.attributes).toEqual({
      "workflow.kind": "order",
      "flovyn.org.id": harness.orgId,
      "flovyn.workflow.id": workflowId,
    });
    expect(execute?.source).toEqual({
      "service.name": "orders",
      "telemetry.sdk.name": "flovyn",
      "telemetry.sdk.language": "rust",
      "telemetry.sdk.version": "0.3.0",
      "os.type": "linux",
      "host.name": "h",
    });
    expect(replay).toMatchObject({
      traceId,
      parentSpanId: execute?.spanId,
      startTimeUnixNano: "1767225599980000001",
      endTimeUnixNano: "1767225599990000009",
      status: { code: 2, message: "x".repeat(1024) },
      attributes: { "error.type": "Timeout" },
    });
    expect(replay?.spanId).not.toBe(execute?.spanId);
    expect(receiver.requests.at(-1)).toMatchObject({ path: "/v1/traces", headers: { "x-key": "k" } });
  });

  it("maps ids the same on every replica, and gives a standalone task a trace of its own", async () => {
    const [parent, taskId] = [newId(), await standaloneTask()];
    const spans = [span({ spanId: parent, spanType: "task.execute", workflowId: "standalone", taskId })];
    const retry = { parentSpanId: parent, spanType: "task.retry", workflowId: "standalone", taskId };
    expect(await exporting().report({ spans })).toEqual({ acceptedCount: 1, rejectedCount: 0 });
    await exporting().report({ spans: [span(retry)] });
    await waitFor("the spans to arrive", () => receiver.spans.length === 2);
    const byName = Object.fromEntries(receiver.spans.splice(0).map((received) => [received.name, received]));
    expect(byName["task.execute"]?.traceId).toBe(taskId.replaceAll("-", ""));
    expect(byName["task.retry"]?.traceId).toBe(byName["task.execute"]?.traceId);
    expect(byName["task.retry"]?.parentSpanId).toBe(byName["task.execute"]?.spanId);
  });

  it("counts a malformed span as rejected and keeps the others", async () => {
    const wrong: Partial<ExecutionSpan>[] = [
      { spanId: "" },
      { spanId: "0000000000000000" },
      { parentSpanId: "parent" },
      { spanType: "shell.execute" },
      { workflowId: "" },
      { workflowId: newId() },
      { workflowId: "standalone" },
      { workflowId: "standalone", taskId: newId() },
      { taskId: "task" },
      { startTimeUnixNs: "0" },
      { startTimeUnixNs: nanos(0), endTimeUnixNs: nanos(-1) },
      { startTimeUnixNs: nanos(-32 * 24 * 3_600_000) },
      { endTimeUnixNs: nanos(2 * 3_600_000) },
      { attributes: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, "1"])) },
      { attributes: { attempt: "x".repeat(1025) } },
    ];
    const spans = [span(), ...wrong.map(span), span({ spanId: "00f067aa0ba902b7" })];
    expect(await report(spans)).toEqual({ acceptedCount: 2, rejectedCount: wrong.length });
  });

  it("rejects what is beyond the limit of one report, and spans of another org's executions", async () => {
    expect(await report(Array.from({ length: 103 }, () => span()))).toEqual({ acceptedCount: 100, rejectedCount: 3 });
    expect(await report([span()], harness.foreign)).toEqual({ acceptedCount: 0, rejectedCount: 1 });
    expect(await report([])).toEqual({ acceptedCount: 0, rejectedCount: 0 });
  });

  it("counts spans, and answers although the collector is away", async () => {
    const away = exporting({ OTEL__ENDPOINT: "http://127.0.0.1:1" });
    const answer = await away.report({ spans: [span(), span({ spanId: "?" })] });
    expect(answer).toEqual({ acceptedCount: 1, rejectedCount: 1 });
    const text = await away.metrics.registry.metrics();
    expect(text).toContain('flovyn_spans_reported_total{result="accepted"} 1');
    expect(text).toContain('flovyn_spans_reported_total{result="rejected"} 1');
    expect(receiver.spans).toEqual([]);
  });
});

async function standaloneTask(): Promise<string> {
  const id = newId();
  await harness.rows(
    `insert into task_execution (id, org_id, kind, queue, status, partition_key, root_execution_id, input, created_by,
       available_at, dispatch_at, created_at, updated_at)
     values ($1, $2, 'charge', 'default', 'PENDING', 0, $1, '', 'test', now(), now(), now(), now())`,
    [id, harness.orgId],
  );
  return id;
}
