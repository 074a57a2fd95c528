import { execFile } from "node:child_process";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLifecycle } from "../lifecycle.js";
import { createLogger } from "../logger.js";
import { createMetrics } from "../metrics.js";
import { createSpanExport, type FinishedSpan } from "./span-export.js";

const log = createLogger({ service: "test", level: "silent" });
/** What the collector does with a batch. */
let take: (names: string[], response: ServerResponse) => void;
let received: string[];
let collector: ReturnType<typeof createServer>;

beforeEach(async () => {
  received = [];
  take = (names, response) => {
    received.push(...names);
    response.end("{}");
  };
  collector = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => take(namesIn(text), response));
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

function namesIn(text: string): string[] {
  const { resourceSpans } = JSON.parse(text) as {
    resourceSpans: { scopeSpans: { spans: { name: string }[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)));
}

function start(options: { enabled?: boolean; spansMax?: number } = {}) {
  const metrics = createMetrics({ service: "test", processMetrics: false });
  const { port } = collector.address() as AddressInfo;
  const otel = { endpoint: `http://127.0.0.1:${port}/`, headers: {}, serviceName: "test", enabled: true, ...options };
  const spanExport = createSpanExport({ otel, log, metrics, spansMax: options.spansMax ?? 1000 });
  const count = async (result: string): Promise<number> => {
    const { values } = (await metrics.registry.getSingleMetric("flovyn_spans_exported_total")?.get()) ?? { values: [] };
    return values.find(({ labels }) => labels.result === result)?.value ?? 0;
  };
  return { spanExport, count };
}

const spans = (...names: string[]): FinishedSpan[] =>
  names.map((name) => ({
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    spanId: "00f067aa0ba902b7",
    name,
    startNs: 1n,
    endNs: 2n,
    attributes: {},
  }));

describe("the export of spans", () => {
  it("sends what waits when the process stops, after everything else stopped", async () => {
    const { spanExport, count } = start();
    const lifecycle = createLifecycle(log);
    const stop = async () => spanExport.send({}, spans("last"));
    await lifecycle.start([{ name: "service", start: async () => {}, stop }]);
    spanExport.send({}, spans("first"));
    await lifecycle.stop();
    expect(received).toEqual(["first", "last"]);
    spanExport.send({}, spans("late"));
    expect([await count("ok"), await count("dropped")]).toEqual([2, 1]);
  });

  it("drops and counts what a slow collector leaves no room for, and goes on when it answers", async () => {
    const held: ServerResponse[] = [];
    take = (_names, response) => held.push(response);
    const { spanExport, count } = start({ spansMax: 600 });
    spanExport.send({}, spans(...Array.from({ length: 512 }, () => "full batch")));
    await waitFor("the batch to arrive", () => held.length === 1);
    spanExport.send({}, spans(...Array.from({ length: 100 }, () => "next")));
    expect(await count("dropped")).toBe(12);
    for (const response of held) response.end("{}");
    take = (_names, response) => response.end("{}");
    await waitFor("the rest to arrive", async () => (await count("ok")) === 600);
    spanExport.send({}, spans("later"));
    await spanExport.stop();
    expect([await count("ok"), await count("dropped"), await count("failed")]).toEqual([601, 12, 0]);
  });

  it("counts what the collector refuses", async () => {
    take = (_names, response) => response.writeHead(400).end();
    const { spanExport, count } = start();
    spanExport.send({}, spans("a", "b"));
    await spanExport.stop();
    expect([await count("ok"), await count("failed")]).toEqual([0, 2]);
  });

  it("loads nothing of OpenTelemetry while it is off", async () => {
    const loaded = async (enabled: boolean): Promise<number> => {
      const program = `
        import { createRequire } from "node:module";
        import { createSpanExport } from "@flovyn/runtime";
        const otel = { enabled: ${enabled}, endpoint: "http://127.0.0.1:1", headers: {}, serviceName: "s" };
        const spanExport = createSpanExport({ otel, log: { warn() {}, error() {} }, metrics: {} });
        spanExport.send({}, []);
        await spanExport.stop();
        const files = Object.keys(createRequire(import.meta.url).cache);
        // prom-client loads the api by itself.
        console.log(files.filter((file) => /@opentelemetry.(sdk|exporter|otlp|core|resources)/.test(file)).length);
      `;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
        cwd: new URL("../../../../services/dispatch", import.meta.url),
      });
      return Number(stdout);
    };
    expect(await loaded(true)).toBeGreaterThan(10);
    expect(await loaded(false)).toBe(0);
  });
});
