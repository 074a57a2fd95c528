import type { Serving } from "@flovyn/bus";
import { ActiveOrgs, routeRequests } from "@flovyn/runtime";
import { createBatches } from "./batches/index.js";
import type { DispatchContext } from "./context.js";
import { createRoutes } from "./handlers/index.js";
import { LongReads } from "./long-reads.js";
import { createCleanUpSweep } from "./loops/clean-up.js";
import { createOverdueWorkSweep } from "./loops/overdue-work.js";
import { createOwedEndsSweep } from "./loops/owed-ends.js";
import { createReclaimSweep } from "./loops/reclaim.js";
import { synchronizeOrgs } from "./synchronize-orgs.js";

/** Workflow executions, history, definitions, workers. One replica of many. */
export function createDispatchService(context: DispatchContext): { start(): Promise<void>; stop(): Promise<void> } {
  const batches = createBatches(context);
  const sweeps = [
    createOverdueWorkSweep(context),
    createReclaimSweep(context),
    createCleanUpSweep(context),
    createOwedEndsSweep(context, batches.ends),
  ];
  const now = () => performance.now();
  const orgs = new ActiveOrgs(now);
  const longReads = new LongReads({ db: context.db, orgs, now });
  const route = routeRequests(createRoutes(context, batches, longReads));
  let serving: Serving | undefined;
  return {
    start: async () => {
      await synchronizeOrgs(context);
      serving = await context.bus.serve("dispatch", (request) => {
        if (request.caller.orgId !== "") orgs.note(request.caller.orgId);
        return route(request);
      });
      for (const sweep of sweeps) sweep.start();
    },
    stop: async () => {
      await serving?.stop();
      await Promise.all(sweeps.map((sweep) => sweep.stop()));
      const { ends, ...others } = batches;
      await Promise.all(Object.values(others).map((batch) => batch.stop()));
      // The last batches may have ended workflows.
      await ends.stop();
    },
  };
}
