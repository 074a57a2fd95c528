import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { createLabelBound } from "./label-bound.js";

/**
 * One function for each event that is counted; names and labels live here and nowhere else. Kinds and queues are free
 * text of callers: the first 500 pairs are named, later ones are counted together as "(other)".
 */
export interface Metrics {
  readonly registry: Registry;
  workflowStarted(kind: string, queue: string): void;
  /** `durationMs` counts from the creation. */
  workflowEnded(kind: string, queue: string, status: string, durationMs?: number): void;
  /** A history crossed a threshold. */
  historyLong(threshold: "warning" | "limit" | "full"): void;
  taskSubmitted(kind: string, queue: string): void;
  /** `durationMs` counts from the creation. */
  taskEnded(kind: string, queue: string, status: string, durationMs?: number): void;
  /** A chunk that a task streamed went out to whoever watches. */
  chunkStreamed(type: "token" | "progress" | "data" | "error"): void;
  /** Spans in one report of a worker. */
  spansReported(result: "accepted" | "rejected", spans: number): void;
  /** What became of spans on their way to the collector. */
  spansExported(result: "ok" | "failed" | "dropped", spans: number): void;
  batch(name: string, items: number): void;
  /** A batch failed as a whole, its items are tried one by one. */
  batchRetried(name: string): void;
  sweep(name: string, result: "ok" | "failed", items: number): void;
  /** A figure that is read when it is scraped: a counter when the name ends in `_total`. Several of one name add up. */
  observe(name: string, help: string, read: () => number): void;
}

const kindsMax = 500;
/** From a hot workflow of one step up to one that waits for a person. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export function createMetrics(options: { service: string; processMetrics?: boolean }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: options.service });
  if (options.processMetrics ?? true) collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers });
  const started = counter("flovyn_workflows_started_total", "Workflow executions created.", ["kind", "queue"]);
  const completed = counter("flovyn_workflows_completed_total", "Workflow executions that completed.", [
    "kind",
    "queue",
  ]);
  const failed = counter("flovyn_workflows_failed_total", "Workflow executions that failed or were cancelled.", [
    "kind",
    "queue",
    "status",
  ]);
  const longHistories = counter(
    "flovyn_histories_long_total",
    "Histories that became long: warning is a fifth of the limit, limit refuses signals, full failed its workflow.",
    ["threshold"],
  );
  const submitted = counter("flovyn_tasks_submitted_total", "Tasks created.", ["kind", "queue"]);
  const tasksCompleted = counter("flovyn_tasks_completed_total", "Tasks that completed.", ["kind", "queue"]);
  const tasksFailed = counter("flovyn_tasks_failed_total", "Tasks that failed or were cancelled.", [
    "kind",
    "queue",
    "status",
  ]);
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ["kind", "queue", "status"], buckets: durationBuckets, registers });
  const workflowSeconds = histogram("flovyn_workflow_duration_seconds", "From the creation of a workflow to its end.");
  const taskSeconds = histogram("flovyn_task_duration_seconds", "From the creation of a task to its end.");
  const chunks = counter("flovyn_stream_chunks_total", "Chunks that tasks streamed.", ["type"]);
  const reportedSpans = counter("flovyn_spans_reported_total", "Spans that workers reported.", ["result"]);
  const exportedSpans = counter("flovyn_spans_exported_total", "Spans on their way to the collector.", ["result"]);
  const batches = new Histogram({
    name: "flovyn_batch_items",
    help: "Items of one batch.",
    labelNames: ["batch"],
    buckets: batchSizes,
    registers,
  });
  const retriedBatches = counter("flovyn_batches_retried_total", "Batches that failed as a whole.", ["batch"]);
  const sweeps = counter("flovyn_sweeps_total", "Passes of a sweep.", ["sweep", "result"]);
  const sweptItems = counter("flovyn_sweep_items_total", "Items that sweeps changed.", ["sweep"]);
  const bound = createLabelBound(kindsMax);
  const readers = new Map<string, (() => number)[]>();
  return {
    registry,
    workflowStarted: (kind, queue) => started.inc(bound(kind, queue)),
    workflowEnded: (kind, queue, status, durationMs) => {
      const labels = bound(kind, queue);
      if (status === "COMPLETED") completed.inc(labels);
      else failed.inc({ ...labels, status });
      if (durationMs !== undefined) workflowSeconds.observe({ ...labels, status }, durationMs / 1000);
    },
    historyLong: (threshold) => longHistories.inc({ threshold }),
    taskSubmitted: (kind, queue) => submitted.inc(bound(kind, queue)),
    taskEnded: (kind, queue, status, durationMs) => {
      const labels = bound(kind, queue);
      if (status === "COMPLETED") tasksCompleted.inc(labels);
      else tasksFailed.inc({ ...labels, status });
      if (durationMs !== undefined) taskSeconds.observe({ ...labels, status }, durationMs / 1000);
    },
    chunkStreamed: (type) => chunks.inc({ type }),
    spansReported: (result, spans) => {
      if (spans > 0) reportedSpans.inc({ result }, spans);
    },
    spansExported: (result, spans) => exportedSpans.inc({ result }, spans),
    batch: (name, items) => batches.observe({ batch: name }, items),
    batchRetried: (name) => retriedBatches.inc({ batch: name }),
    sweep: (name, result, items) => {
      sweeps.inc({ sweep: name, result });
      if (items > 0) sweptItems.inc({ sweep: name }, items);
    },
    observe: (name, help, read) => {
      const known = readers.get(name);
      if (known !== undefined) {
        known.push(read);
        return;
      }
      const all = [read];
      readers.set(name, all);
      observeSum(registry, { name, help }, () => all.reduce((sum, one) => sum + one(), 0));
    },
  };
}

function observeSum(registry: Registry, names: { name: string; help: string }, read: () => number): void {
  const registers = [registry];
  if (!names.name.endsWith("_total")) {
    new Gauge({
      ...names,
      registers,
      collect() {
        this.set(read());
      },
    });
    return;
  }
  new Counter({
    ...names,
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
