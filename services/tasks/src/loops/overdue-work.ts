import { hintWork } from "@flovyn/bus";
import { listOverdueTaskQueues } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { TasksContext } from "../context.js";

const intervalMs = 1_000;
/** Work younger than this is on its way by its own hint. */
const overdueAfterMs = 300;
const queuesMax = 1_000;

/** Repeats the hint of every queue that holds claimable tasks: what a lost hint costs is one round of this. */
export function createOverdueWorkSweep(context: TasksContext): Sweep {
  return createSweep({
    name: "task.overdue-work",
    intervalMs,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const before = context.clock.now() - overdueAfterMs;
      const queues = await listOverdueTaskQueues(context.db, { before, limit: queuesMax });
      hintWork(
        context.bus,
        queues.map((queue) => ({ kind: "task", ...queue })),
      );
      return 0;
    },
  });
}
