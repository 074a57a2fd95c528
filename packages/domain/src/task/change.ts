import type { Actor } from "../transition.js";
import type { AttemptStatus, EndedAttempt, Task, TaskStatus, TaskTransition } from "./state.js";

/** The task after a change of status, and the row that records it. */
export function moveTask(
  task: Task,
  to: TaskStatus,
  actor: Actor,
  reason: string | null = null,
): { next: Task; transitions: TaskTransition[] } {
  const sortKey = task.transitionCount + 1;
  return {
    next: { ...task, status: to, transitionCount: sortKey },
    transitions: [
      { from: task.status, to, actor, reason, attempt: task.executionCount, claimEpoch: task.claimEpoch, sortKey },
    ],
  };
}

/** The attempt that a RUNNING task ends with; null when none runs. */
export function endAttempt(
  task: Task,
  status: AttemptStatus,
  now: number,
  result: { output?: Uint8Array; error?: string } = {},
): EndedAttempt | null {
  if (task.status !== "RUNNING") return null;
  return {
    attempt: task.executionCount,
    status,
    workerId: task.workerId,
    claimEpoch: task.claimEpoch,
    startedAtMs: task.startedAtMs ?? now,
    finishedAtMs: now,
    output: result.output ?? null,
    error: result.error ?? null,
  };
}

/** The attempt that was written down as taken back, and has completed after all. */
export function amendedAttempt(task: Task, now: number, { output }: { output: Uint8Array }): EndedAttempt {
  return {
    attempt: task.executionCount,
    status: "COMPLETED",
    workerId: task.workerId,
    claimEpoch: task.claimEpoch - 1,
    startedAtMs: task.startedAtMs ?? now,
    finishedAtMs: now,
    output,
    error: null,
    amends: true,
  };
}
