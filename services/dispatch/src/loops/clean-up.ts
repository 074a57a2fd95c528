import { deleteExpiredKeys, forgetWorkers } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";

const intervalMs = 300_000;
const batchSize = 1_000;
const forgetAfterMs = 24 * 3_600_000;

/** Removes expired idempotency keys and the traces of workers that were not seen for a day. */
export function createCleanUpSweep(context: DispatchContext): Sweep {
  return createSweep({
    name: "dispatch.clean-up",
    intervalMs,
    batchSize,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const now = context.clock.now();
      const keys = await deleteExpiredKeys(context.db, { now, limit: batchSize });
      const workers = await forgetWorkers(context.db, { before: now - forgetAfterMs, limit: batchSize });
      return Math.max(keys, workers);
    },
  });
}
