import { historyLimitsDefault, type Workflow } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./config/load-config.js";
import { createMetrics } from "./metrics.js";
import { reportWorkflows } from "./report-workflows.js";

describe("a report of workflows", () => {
  it("counts long histories by the threshold they crossed and logs them with their size, by the limits of the configuration", async () => {
    const lines: unknown[] = [];
    const log = { warn: (fields: unknown, message: string) => lines.push([fields, message]) };
    const metrics = createMetrics({ service: "test", processMetrics: false });
    const workflow = { id: "w", orgId: "o", kind: "order", sequence: 10_241, historyBytes: 7 } as Workflow;
    const context = { config: loadConfig({ env: {} }), clock: { now: () => 3_000 }, log: log as never, metrics };
    const asked: unknown[] = [];
    reportWorkflows(context, {
      ended: () => [],
      longHistories: (limits) => {
        asked.push(limits);
        return [{ workflow, threshold: "warning" }];
      },
    });
    expect(asked).toEqual([historyLimitsDefault]);
    expect(lines).toEqual([
      [
        { orgId: "o", workflowId: "w", kind: "order", events: 10_241, bytes: 7 },
        "the history of a workflow has become long",
      ],
    ]);
    expect(await metrics.scrape()).toMatch(/^flovyn_histories_long_total\{[^}]*threshold="warning"\} 1$/m);
  });

  it("counts workflows that ended, with the time since their creation", async () => {
    const metrics = createMetrics({ service: "test", processMetrics: false });
    const workflow = { kind: "order", queue: "q", status: "FAILED", createdAtMs: 1_000 } as Workflow;
    const context = { config: loadConfig({ env: {} }), clock: { now: () => 3_000 }, log: {} as never, metrics };
    reportWorkflows(context, { ended: () => [workflow], longHistories: () => [] });
    const text = await metrics.scrape();
    expect(text).toMatch(/^flovyn_workflows_failed_total\{[^}]*kind="order",queue="q",status="FAILED"\} 1$/m);
    expect(text).toMatch(/flovyn_workflow_duration_seconds_sum\{[^}]*status="FAILED"[^}]*\} 2$/m);
  });
});
