import { type Attributes, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { OtelConfig } from "../config/config.js";
import type { FinishedSpan } from "./span-export.js";

/** Loaded only where spans are exported: the libraries cost more than 100 ms and 8 MiB. */

export interface OtlpSender {
  add(source: Readonly<Record<string, string>>, spans: readonly FinishedSpan[]): void;
  /** Sends what waits. Never rejects. */
  stop(): Promise<void>;
}

const batchSpansMax = 512;
/** How long a span waits for others at most. */
const batchDelayMs = 1000;
/** One batch, with the library's own retries. */
const sendTimeoutMs = 10_000;

/** Batches spans and posts them to `<endpoint>/v1/traces` as OTLP in JSON. `ended` hears of every batch. */
export function createOtlpSender(
  otel: OtelConfig,
  ended: (spans: number, error: Error | undefined) => void,
): OtlpSender {
  const exporter = new OTLPTraceExporter({
    url: tracesUrl(otel.endpoint),
    headers: otel.headers,
    timeoutMillis: sendTimeoutMs,
  });
  const processor = new BatchSpanProcessor(counting(exporter, ended), {
    // The caller bounds the queue, because it counts what is dropped.
    maxQueueSize: Number.MAX_SAFE_INTEGER,
    maxExportBatchSize: batchSpansMax,
    scheduledDelayMillis: batchDelayMs,
    exportTimeoutMillis: sendTimeoutMs * 2,
  });
  return {
    add(source, spans) {
      const resource = resourceFromAttributes({ "service.name": otel.serviceName, ...source });
      for (const span of spans) processor.onEnd(toReadable(span, resource));
    },
    stop: () => processor.shutdown().catch(() => {}),
  };
}

function tracesUrl(endpoint: string): string {
  const base = endpoint.replace(/\/+$/, "");
  return base.endsWith("/v1/traces") ? base : `${base}/v1/traces`;
}

function counting(exporter: SpanExporter, ended: (spans: number, error: Error | undefined) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        ended(spans.length, result.code === 0 ? undefined : (result.error ?? new Error("no reason was given")));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

const scope = { name: "flovyn.worker" };

function toReadable(span: FinishedSpan, resource: Resource): ReadableSpan {
  const { traceId, spanId, parentSpanId, error } = span;
  const contextOf = (id: string) => ({ traceId, spanId: id, traceFlags: TraceFlags.SAMPLED });
  const attributes: Attributes = { ...span.attributes };
  if (error !== undefined && error.type !== "") attributes["error.type"] = error.type;
  return {
    name: span.name,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(spanId),
    ...(parentSpanId !== undefined && { parentSpanContext: contextOf(parentSpanId) }),
    startTime: toHrTime(span.startNs),
    endTime: toHrTime(span.endNs),
    duration: toHrTime(span.endNs - span.startNs),
    status:
      error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error.message },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const nanosPerSecond = 1_000_000_000n;

/** Seconds and the nanoseconds beyond them. */
function toHrTime(nanos: bigint): [number, number] {
  return [Number(nanos / nanosPerSecond), Number(nanos % nanosPerSecond)];
}
