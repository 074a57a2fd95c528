import { historyLimitsDefault, type Workflow } from "@flovyn/domain";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./config/load-config.js";
import { reportLongHistories } from "./long-histories.js";
import { createMetrics } from "./metrics.js";

describe("long histories", () => {
  it("are counted by the threshold they crossed and logged with their size, by the limits of the configuration", async () => {
    const lines: unknown[] = [];
    const log = { warn: (fields: unknown, message: string) => lines.push([fields, message]) };
    const metrics = createMetrics({ service: "test", processMetrics: false });
    const workflow = { id: "w", orgId: "o", kind: "order", sequence: 10_241, historyBytes: 7 } as Workflow;
    const context = { config: loadConfig({ env: {} }), log: log as never, metrics };
    const asked: unknown[] = [];
    reportLongHistories(context, {
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
    expect(await metrics.registry.metrics()).toContain(
      'flovyn_histories_long_total{threshold="warning",service="test"} 1',
    );
  });
});
