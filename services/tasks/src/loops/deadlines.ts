import { findTasksPastDeadline } from "@flovyn/db";
import { expireTask, systemActor } from "@flovyn/domain";
import { createSweep, type Sweep } from "@flovyn/runtime";
import { changeTasks } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

const intervalMs = 500;
const batchSize = 100;

/** Fails tasks whose deadline passed, waiting or running. */
export function createDeadlineSweep(context: TasksContext, hints: DelayedHints): Sweep {
  return createSweep({
    name: "task.deadlines",
    intervalMs,
    batchSize,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const ids = await findTasksPastDeadline(context.db, { now: context.clock.now(), limit: batchSize });
      const decided = await changeTasks(
        context,
        hints,
        ids.map((taskId) => ({ taskId, actor: systemActor("deadline"), decide: expireTask })),
      );
      return decided.filter((result) => result.ok && result.changed).length;
    },
  });
}
