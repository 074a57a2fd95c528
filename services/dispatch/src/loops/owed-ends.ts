import { findOwingWorkflows } from "@flovyn/db";
import { createSweep, type Sweep } from "@flovyn/runtime";
import type { Ends } from "../batches/ends.js";
import type { DispatchContext } from "../context.js";

const intervalMs = 2_000;
const batchSize = 100;
/** Younger ends are being followed by the replica that wrote them. */
const overdueAfterMs = 1_000;

/** Tells parents and cancels members where the replica that wrote the end died before it could. */
export function createOwedEndsSweep(context: DispatchContext, ends: Ends): Sweep {
  return createSweep({
    name: "workflow.owed-ends",
    intervalMs,
    batchSize,
    log: context.log,
    metrics: context.metrics,
    run: async () => {
      const before = context.clock.now() - overdueAfterMs;
      const owing = await findOwingWorkflows(context.db, { before, limit: batchSize });
      await Promise.all(owing.map((workflow) => ends.pay(workflow)));
      return owing.length;
    },
  });
}
