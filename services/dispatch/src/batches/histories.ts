import { listEvents, listShortHistories, type StoredEvent } from "@flovyn/db";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "./submit.js";

/** Histories up to this length are read together; longer ones alone, so that one of them does not hold up the others. */
const shortLengthMax = 500;
const historiesPerBatchMax = 64;

export interface HistoryOf {
  orgId: string;
  workflowId: string;
  /** Given with a tagged id: an execution of another partition counts as missing. */
  partition: number | undefined;
}

export function isIn(partition: number | undefined, execution: { partitionKey: number }): boolean {
  return partition === undefined || partition === execution.partitionKey;
}

/** Reads histories of several executions in one statement. */
export function createHistoryBatcher(context: DispatchContext): Batcher<HistoryOf, StoredEvent[]> {
  return createBatcher<HistoryOf, StoredEvent[]>({
    name: "workflow.history",
    itemsMax: historiesPerBatchMax,
    metrics: context.metrics,
    run: async (items) => {
      const wanted = [...new Map(items.map((item) => [`${item.orgId}/${item.workflowId}`, item])).values()];
      const histories = await listShortHistories(context.db, { lengthMax: shortLengthMax, wanted });
      return Promise.all(
        items.map(async (item): Promise<Outcome<StoredEvent[]>> => {
          const history = histories.get(item.workflowId);
          if (history === undefined || !isIn(item.partition, history)) return { ok: false, error: noSuchWorkflow() };
          const events = history.events ?? (await listEvents(context.db, { ...item, after: 0, limit: null }));
          return { ok: true, value: events };
        }),
      );
    },
  });
}
