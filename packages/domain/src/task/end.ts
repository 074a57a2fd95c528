import { eventData } from "../event-data.js";
import { type Actor, systemActor } from "../transition.js";
import { endAttempt, moveTask } from "./change.js";
import { isTaskTerminal, type Task, type TaskChange, unchangedTask } from "./state.js";
import { inHistory, taskFailedEvents } from "./workflow-events.js";

/** Existing clients recognise a cancelled task by this text. */
const cancelledText = "Task cancelled";
/** Existing clients recognise a timeout by the words "timed out". */
const timedOutText = "Task timed out";

/** Ends a PENDING or RUNNING task as CANCELLED, and raises the fence of a running one. Its workflow gets TASK_FAILED too: replay does not end on TASK_CANCELLED. */
export function cancelTask(task: Task, reason: string, actor: Actor, now: number): TaskChange {
  if (isTaskTerminal(task.status)) return unchangedTask(task);
  const attempt = endAttempt(task, "CANCELLED", now, { error: reason });
  const claimEpoch = task.status === "RUNNING" ? task.claimEpoch + 1 : task.claimEpoch;
  const moved = moveTask({ ...task, claimEpoch }, "CANCELLED", actor, reason);
  const cancelled = inHistory(task, {
    type: "TASK_CANCELLED",
    data: eventData([
      ["taskExecutionId", task.id],
      ["kind", task.kind],
      ["reason", reason],
    ]),
    wakes: false,
  });
  return {
    next: { ...moved.next, workerId: null, error: cancelledText },
    transitions: moved.transitions,
    attempt,
    workflowEvents: [...cancelled, ...taskFailedEvents(task, cancelledText, false)],
  };
}

/** Ends a task whose deadline passed, in whatever live status it is. Final: no retry. */
export function expireTask(task: Task, now: number): TaskChange {
  if (isTaskTerminal(task.status) || !isPastDeadline(task, now)) return unchangedTask(task);
  const attempt = endAttempt(task, "TIMEOUT", now, { error: timedOutText });
  const moved = moveTask(task, "FAILED", systemActor("deadline"), "DEADLINE");
  return {
    next: { ...moved.next, workerId: null, error: timedOutText, terminalReason: "DEADLINE" },
    transitions: moved.transitions,
    attempt,
    workflowEvents: taskFailedEvents(task, timedOutText, false),
  };
}

export function isPastDeadline(task: Task, now: number): boolean {
  return task.deadlineAtMs !== null && task.deadlineAtMs <= now;
}
