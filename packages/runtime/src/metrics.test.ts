import { describe, expect, it } from "vitest";
import { createLabelBound } from "./label-bound.js";
import { createMetrics } from "./metrics.js";

const text = (metrics: ReturnType<typeof createMetrics>) => metrics.registry.metrics();

describe("metrics", () => {
  it("counts workflows and tasks under the names operators know", async () => {
    const metrics = createMetrics({ service: "dispatch", processMetrics: false });
    metrics.workflowStarted("order", "default");
    metrics.workflowEnded("order", "default", "COMPLETED", 40);
    metrics.workflowEnded("order", "default", "FAILED");
    metrics.taskSubmitted("charge", "default");
    metrics.taskEnded("charge", "default", "COMPLETED", 1_500);
    metrics.taskEnded("charge", "default", "CANCELLED");
    const scraped = await text(metrics);
    for (const line of [
      'flovyn_workflows_started_total{kind="order",queue="default",service="dispatch"} 1',
      'flovyn_workflows_completed_total{kind="order",queue="default",service="dispatch"} 1',
      'flovyn_workflows_failed_total{kind="order",queue="default",status="FAILED",service="dispatch"} 1',
      'flovyn_workflow_duration_seconds_sum{service="dispatch",kind="order",queue="default",status="COMPLETED"} 0.04',
      'flovyn_tasks_submitted_total{kind="charge",queue="default",service="dispatch"} 1',
      'flovyn_tasks_completed_total{kind="charge",queue="default",service="dispatch"} 1',
      'flovyn_tasks_failed_total{kind="charge",queue="default",status="CANCELLED",service="dispatch"} 1',
      'flovyn_task_duration_seconds_sum{service="dispatch",kind="charge",queue="default",status="COMPLETED"} 1.5',
    ]) {
      expect(scraped).toContain(line);
    }
  });

  it("bounds the kinds and queues it names", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    for (let kind = 0; kind < 2_000; kind++) metrics.workflowStarted(`kind-${kind}`, "default");
    const lines = (await text(metrics))
      .split("\n")
      .filter((line) => line.startsWith("flovyn_workflows_started_total{"));
    expect(lines).toHaveLength(501);
    expect(lines.at(-1)).toContain('kind="(other)",queue="(other)",service="test"} 1500');
  });

  it("adds up figures that several parts of a process report, each by its type", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    let sent = 3;
    metrics.observe("flovyn_things_total", "Things.", () => sent);
    metrics.observe("flovyn_things_total", "Things.", () => 4);
    metrics.observe("flovyn_waiting", "Waiting.", () => 2);
    expect(await text(metrics)).toMatch(/# TYPE flovyn_things_total counter\nflovyn_things_total\{.*\} 7\n/);
    sent = 5;
    expect(await text(metrics)).toMatch(/flovyn_things_total\{.*\} 9\n/);
    expect(await text(metrics)).toMatch(/# TYPE flovyn_waiting gauge\nflovyn_waiting\{.*\} 2\n/);
  });
});

describe("label bound", () => {
  it("keeps the first pairs and gives the same object for a pair each time", () => {
    const bound = createLabelBound(2);
    const first = bound("a", "x");
    expect(bound("a", "x")).toBe(first);
    expect(bound("a", "y")).toEqual({ kind: "a", queue: "y" });
    expect(bound("b", "x")).toEqual({ kind: "(other)", queue: "(other)" });
    expect(bound("a", "x")).toBe(first);
  });
});
