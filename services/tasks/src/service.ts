import { dueSubject, type Serving, type Subscription } from "@flovyn/bus";
import { DueHint } from "@flovyn/proto/internal";
import { routeRequests } from "@flovyn/runtime";
import { createBatches } from "./batches/index.js";
import type { TasksContext } from "./context.js";
import { createDelayedHints } from "./delayed-hints.js";
import { createRoutes } from "./handlers/index.js";
import { createDeadlineLoop } from "./loops/deadlines.js";
import { createOverdueWorkSweep } from "./loops/overdue-work.js";
import { createReclaimSweep } from "./loops/reclaim.js";

/** Task executions, attempts, leases. One replica of many. */
export function createTasksService(context: TasksContext): { start(): Promise<void>; stop(): Promise<void> } {
  const hints = createDelayedHints(context.bus);
  const batches = createBatches(context, hints);
  const sweeps = [createOverdueWorkSweep(context), createReclaimSweep(context, hints)];
  const deadlines = createDeadlineLoop(context, hints);
  let dueHints: Subscription | undefined;
  let serving: Serving | undefined;
  return {
    start: async () => {
      serving = await context.bus.serve("tasks", routeRequests(createRoutes(context, batches, hints)));
      dueHints = await context.bus.subscribe(dueSubject("tasks"), (payload) =>
        deadlines.note(DueHint.decode(payload).dueAtMs),
      );
      for (const sweep of [...sweeps, deadlines]) sweep.start();
    },
    stop: async () => {
      await dueHints?.stop();
      await serving?.stop();
      await Promise.all([...sweeps, deadlines].map((sweep) => sweep.stop()));
      await Promise.all(Object.values(batches).map((batch) => batch.stop()));
      hints.stop();
    },
  };
}
