import { findTasksPastDeadline, nextTaskDeadline } from "@flovyn/db";
import { expireTask, systemActor } from "@flovyn/domain";
import { createDueLoop, type DueLoop } from "@flovyn/runtime";
import { changeTasks } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

/** Fails tasks whose deadline passed, waiting or running. */
export function createDeadlineLoop(context: TasksContext, hints: DelayedHints): DueLoop {
  return createDueLoop({
    name: "task.deadlines",
    clock: context.clock,
    log: context.log,
    metrics: context.metrics,
    fire: async (limit) => {
      const ids = await findTasksPastDeadline(context.db, { now: context.clock.now(), limit });
      const decided = await changeTasks(
        context,
        hints,
        ids.map((taskId) => ({ taskId, actor: systemActor("deadline"), decide: expireTask })),
      );
      return { found: ids.length, fired: decided.filter((result) => result.ok && result.changed).length };
    },
    nextDue: () => nextTaskDeadline(context.db),
  });
}
