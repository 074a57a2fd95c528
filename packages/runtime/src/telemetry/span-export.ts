import type { OtelConfig } from "../config/config.js";
import type { Logger } from "../logger.js";
import type { Metrics } from "../metrics.js";
import type { OtlpSender } from "./otlp-sender.js";

/** A span that ended. */
export interface FinishedSpan {
  /** 32 lower-case hex digits. */
  traceId: string;
  /** 16 lower-case hex digits, as that of the parent. */
  spanId: string;
  parentSpanId?: string | undefined;
  name: string;
  /** Unix time in nanoseconds. */
  startNs: bigint;
  endNs: bigint;
  attributes: Readonly<Record<string, string>>;
  error?: { type: string; message: string } | undefined;
}

export interface SpanExport {
  /**
   * Takes spans and returns at once: a collector that is slow or away costs spans, never a request. Those that find the
   * queue full are dropped and counted. `source` describes the program that made them, by OpenTelemetry's resource names.
   */
  send(source: Readonly<Record<string, string>>, spans: readonly FinishedSpan[]): void;
  /** Sends what waits, for at most 5 s. Idempotent, never rejects. */
  stop(): Promise<void>;
}

export interface SpanExportOptions {
  otel: OtelConfig;
  log: Logger;
  metrics: Metrics;
  /** Spans that wait or are on their way, at most. */
  spansMax?: number;
}

/** About 3 KiB each at the limits for reported spans: 25 MiB. */
const spansMaxDefault = 8192;
const stopMs = 5000;

const noExport: SpanExport = { send() {}, async stop() {} };

/** The open exports of this process. */
const open = new Set<SpanExport>();

/** Ends every export of this process: what ends a process calls it last. */
export async function stopSpanExports(): Promise<void> {
  await Promise.all([...open].map((one) => one.stop()));
}

/** Sends spans to an OpenTelemetry collector where that is configured; elsewhere it drops them and loads nothing. */
export function createSpanExport(options: SpanExportOptions): SpanExport {
  const { otel, log, metrics, spansMax = spansMaxDefault } = options;
  if (!otel.enabled) return noExport;
  let waiting = 0;
  let failing = false;
  let stopped: Promise<void> | undefined;

  const ended = (spans: number, error: Error | undefined): void => {
    waiting -= spans;
    metrics.spansExported(error === undefined ? "ok" : "failed", spans);
    if (failing === (error !== undefined)) return;
    failing = error !== undefined;
    if (failing) log.warn({ endpoint: otel.endpoint, reason: error?.message }, "spans cannot be exported");
    else log.info({ endpoint: otel.endpoint }, "spans are exported again");
  };
  const loading: Promise<OtlpSender | undefined> = import("./otlp-sender.js")
    .then(({ createOtlpSender }) => createOtlpSender(otel, ended))
    .catch((err: unknown) => {
      log.error({ err }, "the export of spans could not be set up");
      return undefined;
    });

  const drop = (spans: number): void => {
    if (spans > 0) metrics.spansExported("dropped", spans);
  };
  const self: SpanExport = {
    send(source, spans) {
      const taken = stopped === undefined ? spans.slice(0, Math.max(0, spansMax - waiting)) : [];
      drop(spans.length - taken.length);
      if (taken.length === 0) return;
      waiting += taken.length;
      void loading.then((sender) => {
        if (sender !== undefined) return sender.add(source, taken);
        waiting -= taken.length;
        drop(taken.length);
      });
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
  open.add(self);
  return self;

  async function stop(): Promise<void> {
    open.delete(self);
    const sender = await loading;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, stopMs);
    });
    await Promise.race([sender?.stop(), late]);
    clearTimeout(timer);
    if (waiting > 0) log.warn({ spans: waiting }, "spans were not exported before the end");
  }
}
