import type { HistoryLimits, HistoryThreshold, Workflow } from "@flovyn/domain";
import type { ServiceContext } from "./service-context.js";

/** What a transaction did to workflows, as far as people want to know. */
export interface ReportedChanges {
  /** Workflows that became terminal. */
  ended(): readonly Workflow[];
  /** Histories that crossed a threshold. */
  longHistories(limits: HistoryLimits): readonly { workflow: Workflow; threshold: HistoryThreshold }[];
}

const messages: Readonly<Record<HistoryThreshold, string>> = {
  warning: "the history of a workflow has become long",
  limit: "the history of a workflow has reached its limit",
  full: "a workflow failed because its history is full",
};

/** After the commit: counts workflows that ended, and counts and logs long histories, once for each threshold. */
export function reportWorkflows(
  { config, clock, log, metrics }: Pick<ServiceContext, "config" | "clock" | "log" | "metrics">,
  changes: ReportedChanges,
): void {
  for (const workflow of changes.ended()) {
    metrics.workflowEnded(workflow, workflow.status, clock.now() - workflow.createdAtMs);
  }
  for (const { workflow, threshold } of changes.longHistories(config.limits.history)) {
    const { id: workflowId, orgId, kind, sequence: events, historyBytes: bytes } = workflow;
    metrics.historyLong(threshold);
    log.warn({ orgId, workflowId, kind, events, bytes }, messages[threshold]);
  }
}
