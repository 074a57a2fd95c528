import { heartbeatTasks } from "@flovyn/db";
import { type Batcher, createBatcher } from "@flovyn/runtime";
import type { TasksContext } from "../context.js";
import { taskLeaseMsDefault } from "./claim.js";

export interface Beat {
  orgId: string;
  taskId: string;
  claimEpoch: number | null;
}

/** Extends leases in batches; the result says whether the task is RUNNING under that claim. */
export function createHeartbeatBatcher(context: TasksContext): Batcher<Beat, boolean> {
  return createBatcher<Beat, boolean>({
    name: "task.heartbeat",
    lane: context.lane,
    metrics: context.metrics,
    run: async (beats) => {
      const alive = await heartbeatTasks(context.db, {
        now: context.clock.now(),
        leaseMs: taskLeaseMsDefault,
        beat: beats.map(({ taskId, ...beat }) => ({ id: taskId, ...beat })),
      });
      return beats.map(({ taskId, orgId, claimEpoch }) => {
        // Several beats for one task may travel together: each is answered for its own org and claim.
        const task = alive.get(taskId);
        const value = task?.orgId === orgId && (claimEpoch === null || claimEpoch === task.claimEpoch);
        return { ok: true, value };
      });
    },
  });
}
