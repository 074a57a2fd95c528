import { DomainError } from "../errors.js";
import { systemActor } from "../transition.js";
import { endAttempt, moveTask } from "./change.js";
import { type Task, type TaskChange, unchangedTask } from "./state.js";
import { taskFailedEvents } from "./workflow-events.js";

/** A task that was taken back this often from silent workers is given up. */
export const reclaimsMax = 100;

/** Hands the task to one worker. The store does the same in one statement for many rows. */
export function claimTask(task: Task, workerId: string, now: number): TaskChange {
  if (task.status !== "PENDING") throw new DomainError("WrongState", `task is ${task.status}`);
  const claimed: Task = {
    ...task,
    claimEpoch: task.claimEpoch + 1,
    executionCount: task.executionCount + 1,
    workerId,
    startedAtMs: now,
  };
  const moved = moveTask(claimed, "RUNNING", { type: "worker", id: workerId });
  return { ...unchangedTask(task), next: moved.next, transitions: moved.transitions };
}

/**
 * Takes the task back from a worker that is gone; costs no retry. Raises the fence. After `reclaimsMax` times the task
 * fails with MAX_RECLAIMS. With `claimEpoch` only that very claim is taken back. Until another worker has the task, the one
 * that it was taken from may complete it, see `completeTask`.
 */
export function releaseTask(task: Task, reason: string, now: number, claimEpoch?: number): TaskChange {
  if (task.status !== "RUNNING") return unchangedTask(task);
  if (claimEpoch !== undefined && claimEpoch !== task.claimEpoch) return unchangedTask(task);
  const attempt = endAttempt(task, "RECLAIMED", now, { error: reason });
  const reclaimCount = task.reclaimCount + 1;
  const actor = systemActor("reclaim");
  const raised: Task = { ...task, reclaimCount, claimEpoch: task.claimEpoch + 1 };
  if (reclaimCount > reclaimsMax) {
    const error = `Task was given up after ${reclaimsMax} lost workers`;
    const moved = moveTask(raised, "FAILED", actor, "MAX_RECLAIMS");
    return {
      next: { ...moved.next, workerId: null, error, terminalReason: "MAX_RECLAIMS" },
      transitions: moved.transitions,
      attempt,
      workflowEvents: taskFailedEvents(task, error, false),
    };
  }
  const moved = moveTask(raised, "PENDING", actor, reason);
  return { next: { ...moved.next, availableAtMs: now }, transitions: moved.transitions, attempt, workflowEvents: [] };
}
