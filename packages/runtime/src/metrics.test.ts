import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.js";

const work = (kind: string, orgId = "an org") => ({ orgId, kind, queue: "default" });

describe("metrics", () => {
  it("counts workflows and tasks under the names operators know", async () => {
    const metrics = createMetrics({ service: "dispatch", processMetrics: false });
    metrics.workflowStarted(work("order"));
    metrics.workflowEnded(work("order"), "COMPLETED", 40);
    metrics.workflowEnded(work("order"), "FAILED");
    metrics.taskSubmitted(work("charge"));
    metrics.taskEnded(work("charge"), "COMPLETED", 1_500);
    metrics.taskEnded(work("charge"), "CANCELLED");
    const scraped = await metrics.scrape();
    for (const line of [
      'flovyn_workflows_started_total{service="dispatch",kind="order",queue="default"} 1',
      'flovyn_workflows_completed_total{service="dispatch",kind="order",queue="default"} 1',
      'flovyn_workflows_failed_total{service="dispatch",kind="order",queue="default",status="FAILED"} 1',
      'flovyn_workflow_duration_seconds_sum{service="dispatch",kind="order",queue="default",status="COMPLETED"} 0.04',
      'flovyn_tasks_submitted_total{service="dispatch",kind="charge",queue="default"} 1',
      'flovyn_tasks_completed_total{service="dispatch",kind="charge",queue="default"} 1',
      'flovyn_tasks_failed_total{service="dispatch",kind="charge",queue="default",status="CANCELLED"} 1',
      'flovyn_task_duration_seconds_sum{service="dispatch",kind="charge",queue="default",status="COMPLETED"} 1.5',
    ]) {
      expect(scraped).toContain(line);
    }
  });

  it("observes what ended before the time that its creation is dated at as zero", async () => {
    const metrics = createMetrics({ service: "dispatch", processMetrics: false });
    metrics.workflowEnded(work("order"), "COMPLETED", -9);
    metrics.taskEnded(work("charge"), "COMPLETED", -9);
    const scraped = await metrics.scrape();
    expect(scraped.match(/^flovyn_\w+_duration_seconds_sum.*$/gm)?.map((line) => line.split(" ").at(-1))).toEqual([
      "0",
      "0",
    ]);
  });

  it("gives every line its service, and nothing else", async () => {
    const metrics = createMetrics({ service: "dispatch" });
    metrics.workflowStarted(work('a "kind" {b="c"} \n# of \\ braces'));
    const lines = (await metrics.scrape()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(line).toMatch(/^\w+\{service="dispatch"(,.*)?\} \S+$/);
    const plain = (await metrics.registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBe(plain.length);
  });

  it("reads once for all who scrape within a second", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    let readings = 0;
    metrics.observe("flovyn_things", "Things.", () => ++readings);
    const scraped = await Promise.all(Array.from({ length: 50 }, () => metrics.scrape()));
    expect(readings).toBe(1);
    expect(new Set(scraped).size).toBe(1);
  });

  it("says when the figures were read", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    const beforeMs = Date.now();
    const text = await metrics.scrape();
    const seconds = Number(/^flovyn_metrics_collected_timestamp_seconds\{.*\} (\S+)$/m.exec(text)?.[1]);
    expect(seconds * 1000).toBeGreaterThanOrEqual(beforeMs);
    expect(seconds * 1000).toBeLessThanOrEqual(Date.now());
  });

  it("bounds the kinds and queues it names, and leaves some to the org that comes last", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    for (let kind = 0; kind < 2_000; kind++) metrics.workflowStarted(work(`kind-${kind}`));
    metrics.workflowStarted(work("order", "another org"));
    const lines = (await metrics.scrape())
      .split("\n")
      .filter((line) => line.startsWith("flovyn_workflows_started_total{"));
    expect(lines).toHaveLength(252);
    expect(lines.find((line) => line.includes("(other)"))).toMatch(/kind="\(other\)",queue="\(other\)"\} 1750$/);
    expect(lines.at(-1)).toMatch(/kind="order",queue="default"\} 1$/);
  });

  it("adds up figures that several parts of a process report, each by its type", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    let sent = 3;
    metrics.observe("flovyn_things_total", "Things.", () => sent);
    metrics.observe("flovyn_things_total", "Things.", () => 4);
    metrics.observe("flovyn_waiting", "Waiting.", () => 2);
    expect(await metrics.registry.metrics()).toMatch(/# TYPE flovyn_things_total counter\nflovyn_things_total 7\n/);
    sent = 5;
    expect(await metrics.registry.metrics()).toMatch(/flovyn_things_total 9\n/);
    expect(await metrics.registry.metrics()).toMatch(/# TYPE flovyn_waiting gauge\nflovyn_waiting 2\n/);
  });
});
