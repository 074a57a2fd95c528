import { findWorkflowResults, type WorkflowResult } from "@flovyn/db";
import { type Batcher, createBatcher } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { type HistoryOf, isIn } from "./histories.js";

/** Reads status and outcome of several executions in one statement. */
export function createResultBatcher(context: DispatchContext): Batcher<HistoryOf, WorkflowResult> {
  return createBatcher<HistoryOf, WorkflowResult>({
    name: "workflow.result",
    lane: context.lane,
    metrics: context.metrics,
    run: async (items) => {
      const results = await findWorkflowResults(context.db, items);
      return items.map((item) => {
        const value = results.get(`${item.orgId}/${item.workflowId}`);
        return value === undefined || !isIn(item.partition, value)
          ? { ok: false, error: noSuchWorkflow() }
          : { ok: true, value };
      });
    },
  });
}
