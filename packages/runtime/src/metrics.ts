import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** One function for each event that is counted; names and labels live here and nowhere else. */
export interface Metrics {
  readonly registry: Registry;
  workflowStarted(kind: string, queue: string): void;
  workflowEnded(kind: string, queue: string, status: string): void;
  taskSubmitted(kind: string, queue: string): void;
  taskEnded(kind: string, queue: string, status: string): void;
  batch(name: string, items: number): void;
  sweep(name: string, result: "ok" | "failed", items: number): void;
  /** A figure that is read when it is scraped. */
  observe(name: string, help: string, read: () => number): void;
}

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
  const submitted = counter("flovyn_tasks_submitted_total", "Tasks created.", ["kind", "queue"]);
  const tasksCompleted = counter("flovyn_tasks_completed_total", "Tasks that completed.", ["kind", "queue"]);
  const tasksFailed = counter("flovyn_tasks_failed_total", "Tasks that failed or were cancelled.", [
    "kind",
    "queue",
    "status",
  ]);
  const batches = new Histogram({
    name: "flovyn_batch_items",
    help: "Items of one batch.",
    labelNames: ["batch"],
    buckets: batchSizes,
    registers,
  });
  const sweeps = counter("flovyn_sweeps_total", "Passes of a sweep.", ["sweep", "result"]);
  const sweptItems = counter("flovyn_sweep_items_total", "Items that sweeps changed.", ["sweep"]);
  return {
    registry,
    workflowStarted: (kind, queue) => started.inc({ kind, queue }),
    workflowEnded: (kind, queue, status) =>
      status === "COMPLETED" ? completed.inc({ kind, queue }) : failed.inc({ kind, queue, status }),
    taskSubmitted: (kind, queue) => submitted.inc({ kind, queue }),
    taskEnded: (kind, queue, status) =>
      status === "COMPLETED" ? tasksCompleted.inc({ kind, queue }) : tasksFailed.inc({ kind, queue, status }),
    batch: (name, items) => batches.observe({ batch: name }, items),
    sweep: (name, result, items) => {
      sweeps.inc({ sweep: name, result });
      if (items > 0) sweptItems.inc({ sweep: name }, items);
    },
    observe: (name, help, read) => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
  };
}
