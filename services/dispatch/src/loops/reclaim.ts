import { findAbandonedWorkflows, findWorkflowsOfLostWorkers, loseSilentSessions } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { takeBack } from "../handlers/release-workflows.js";

const intervalMs = 1_500;
const batchSize = 100;
/** A worker that gave no sign of life for this long is gone. */
const silentAfterMs = 60_000;
/** Gateways report open sessions every 5 s: one that was left out three times is gone, and its gateway with it. */
const sessionSilentAfterMs = 15_000;
/** A session that broke may be taken up again within this time, through another gateway. */
const lostGraceMs = 2_000;
/** An activation that its live worker never reports is taken back after this, on top of its lease. */
const heldMaxMs = 600_000;

/** Gives RUNNING workflows of silent and lost workers back to their queues. */
export function createReclaimSweep(context: DispatchContext): Sweep {
  return createSweep({
    name: "workflow.reclaim",
    intervalMs,
    batchSize,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const now = context.clock.now();
      const silent = await findAbandonedWorkflows(context.db, {
        now,
        silentBefore: now - silentAfterMs,
        heldBefore: now - heldMaxMs,
        limit: batchSize,
      });
      await loseSilentSessions(context.db, { silentBefore: now - sessionSilentAfterMs, limit: batchSize });
      const lost = await findWorkflowsOfLostWorkers(context.db, { lostBefore: now - lostGraceMs, limit: batchSize });
      return (await takeBack(context, silent, "lease expired")) + (await takeBack(context, lost, "worker lost"));
    },
  });
}
