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
    metrics: context.metrics,
    run: async (beats) => {
      const unique = new Map(beats.map((beat) => [beat.taskId, beat]));
      const alive = await heartbeatTasks(context.db, {
        now: context.clock.now(),
        leaseMs: taskLeaseMsDefault,
        beat: [...unique.values()].map(({ taskId, ...beat }) => ({ id: taskId, ...beat })),
      });
      // Two beats for one task in a batch: the last one was written, and only for it the answer is exact.
      return beats.map((beat) => ({
        ok: true,
        value: alive.has(beat.taskId) && unique.get(beat.taskId)?.orgId === beat.orgId,
      }));
    },
  });
}
