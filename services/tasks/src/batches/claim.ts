import { type ClaimedTask, claimTasks, kindSeparator } from "@flovyn/db";
import { newId } from "@flovyn/domain";
import { type Batcher, createClaimBatcher, type WaitingPollers } from "@flovyn/runtime";
import type { TasksContext } from "../context.js";

/** Lease of a task whose poller asked for none: the time after which silence of its worker counts. */
export const taskLeaseMsDefault = 60_000;

/** Claims tasks for the pollers of all gateways in batches. */
export function createTaskClaimBatcher(context: TasksContext): Batcher<WaitingPollers, ClaimedTask[]> {
  return createClaimBatcher<ClaimedTask>({
    name: "task.claim",
    lane: context.lane,
    metrics: context.metrics,
    claim: (pollers) =>
      claimTasks(context.db, {
        now: context.clock.now(),
        pollers: pollers.map((poller) => ({
          ...poller,
          principal: poller.principal || null,
          kinds: poller.kinds.length === 0 ? null : poller.kinds.join(kindSeparator),
          leaseMs: poller.leaseMs || taskLeaseMsDefault,
          ownLeaseMs: poller.leaseMs || null,
          transitionId: newId(),
        })),
      }),
  });
}
