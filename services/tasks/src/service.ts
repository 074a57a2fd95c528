import type { Serving } from "@flovyn/bus";
import { routeRequests } from "@flovyn/runtime";
import { createBatches } from "./batches/index.js";
import type { TasksContext } from "./context.js";
import { createDelayedHints } from "./delayed-hints.js";
import { createRoutes } from "./handlers/index.js";
import { createDeadlineSweep } from "./loops/deadlines.js";
import { createOverdueWorkSweep } from "./loops/overdue-work.js";
import { createReclaimSweep } from "./loops/reclaim.js";

/** Task executions, attempts, leases. One replica of many. */
export function createTasksService(context: TasksContext): { start(): Promise<void>; stop(): Promise<void> } {
  const hints = createDelayedHints(context.bus);
  const batches = createBatches(context, hints);
  const sweeps = [
    createOverdueWorkSweep(context),
    createReclaimSweep(context, hints),
    createDeadlineSweep(context, hints),
  ];
  let serving: Serving | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("tasks", routeRequests(createRoutes(context, batches, hints)));
      for (const sweep of sweeps) sweep.start();
    },
    stop: async () => {
      await serving?.stop();
      await Promise.all(sweeps.map((sweep) => sweep.stop()));
      await Promise.all(Object.values(batches).map((batch) => batch.stop()));
      hints.stop();
    },
  };
}
