import { findAbandonedTasks, findTasksOfLostWorkers } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";
import { takeBack } from "../handlers/release-tasks.js";

const intervalMs = 1_500;
const batchSize = 100;
/** A worker that gave no sign of life for this long is gone. */
const silentAfterMs = 60_000;
/** A session that broke may be taken up again within this time, through another gateway. */
const lostGraceMs = 2_000;

/** Gives RUNNING tasks of silent and lost workers back to their queues. */
export function createReclaimSweep(context: TasksContext, hints: DelayedHints): Sweep {
  return createSweep({
    name: "task.reclaim",
    intervalMs,
    batchSize,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const now = context.clock.now();
      const silent = await findAbandonedTasks(context.db, {
        now,
        silentBefore: now - silentAfterMs,
        limit: batchSize,
      });
      const lost = await findTasksOfLostWorkers(context.db, { lostBefore: now - lostGraceMs, limit: batchSize });
      return (
        (await takeBack(context, hints, silent, "lease expired")) +
        (await takeBack(context, hints, lost, "worker lost"))
      );
    },
  });
}
