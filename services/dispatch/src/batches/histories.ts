import { listShortHistories, type ShortHistory } from "@flovyn/db";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";

/** Histories up to this size are read together; longer ones by their reader alone, so that none holds up a batch. */
const shortLengthMax = 500;
const shortBytesMax = 1024 * 1024;
const historiesPerBatchMax = 64;
/** Of the histories of one batch. Those that have no room in it are read like long ones. */
const batchBytesMax = 4 * 1024 * 1024;

export interface HistoryOf {
  orgId: string;
  workflowId: string;
  /** Given with a tagged id: an execution of another partition counts as missing. */
  partition: number | undefined;
}

export function isIn(partition: number | undefined, execution: { partitionKey: number }): boolean {
  return partition === undefined || partition === execution.partitionKey;
}

/** Reads short histories of several executions in one statement; of a long one it gives the size. */
export function createHistoryBatcher(context: DispatchContext): Batcher<HistoryOf, ShortHistory> {
  return createBatcher<HistoryOf, ShortHistory>({
    name: "workflow.history",
    itemsMax: historiesPerBatchMax,
    lane: context.lane,
    metrics: context.metrics,
    run: async (items) => {
      const wanted = [...new Map(items.map((item) => [`${item.orgId}/${item.workflowId}`, item])).values()];
      const histories = await listShortHistories(context.db, {
        ...{ lengthMax: shortLengthMax, bytesMax: shortBytesMax, bytesTotalMax: batchBytesMax },
        wanted,
      });
      return items.map((item): Outcome<ShortHistory> => {
        const history = histories.get(item.workflowId);
        if (history === undefined || !isIn(item.partition, history)) return { ok: false, error: noSuchWorkflow() };
        return { ok: true, value: history };
      });
    },
  });
}
