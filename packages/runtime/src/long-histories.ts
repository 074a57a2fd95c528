import type { HistoryLimits, HistoryThreshold, Workflow } from "@flovyn/domain";
import type { ServiceContext } from "./service-context.js";

/** What a transaction did to histories, as far as people want to know. */
export interface GrownHistories {
  longHistories(limits: HistoryLimits): readonly { workflow: Workflow; threshold: HistoryThreshold }[];
}

const messages: Readonly<Record<HistoryThreshold, string>> = {
  warning: "the history of a workflow has become long",
  limit: "the history of a workflow has reached its limit",
  full: "a workflow failed because its history is full",
};

/** After the commit: counts and logs each history that has crossed a threshold, once for each threshold. */
export function reportLongHistories(
  { config, log, metrics }: Pick<ServiceContext, "config" | "log" | "metrics">,
  changes: GrownHistories,
): void {
  for (const { workflow, threshold } of changes.longHistories(config.limits.history)) {
    const { id: workflowId, orgId, kind, sequence: events, historyBytes: bytes } = workflow;
    metrics.historyLong(threshold);
    log.warn({ orgId, workflowId, kind, events, bytes }, messages[threshold]);
  }
}
