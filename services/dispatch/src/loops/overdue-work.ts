import { hintWork } from "@flovyn/bus";
import { listOverdueWorkflowQueues } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";

const intervalMs = 1_000;
/** Work younger than this is on its way by its own hint. */
const overdueAfterMs = 300;
const queuesMax = 1_000;

/** Repeats the hint of every queue that holds claimable workflows: what a lost hint costs is one round of this. */
export function createOverdueWorkSweep(context: DispatchContext): Sweep {
  return createSweep({
    name: "workflow.overdue-work",
    intervalMs,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const before = context.clock.now() - overdueAfterMs;
      const queues = await listOverdueWorkflowQueues(context.db, { before, limit: queuesMax });
      hintWork(
        context.bus,
        queues.map((queue) => ({ kind: "workflow", ...queue })),
      );
      return 0;
    },
  });
}
