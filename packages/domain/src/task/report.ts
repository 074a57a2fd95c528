import { DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import { retryDelayMs } from "../retry-policy.js";
import { amendedAttempt, endAttempt, moveTask } from "./change.js";
import { expireTask, isPastDeadline } from "./end.js";
import { isTaskTerminal, type Task, type TaskChange, type TaskStatus, unchangedTask } from "./state.js";
import { inHistory, taskFailedEvents } from "./workflow-events.js";

export interface CompleteTask {
  claimEpoch?: number;
  output: Uint8Array;
}

export interface FailTask {
  claimEpoch?: number;
  error: string;
  /** False: no further attempt, whatever the budget says. */
  retryable: boolean;
  retryAfterMs?: number;
}

/**
 * Ends the running attempt with its output, or one that was taken back while no other worker has the task: its worker was
 * silent, as one whose event loop is blocked, and has done the work. Other late reports change nothing; see `acceptsReport`.
 * Past the deadline the task expires instead: the deadline holds also while its sweep is behind.
 * Errors: StaleClaim, WrongState.
 */
export function completeTask(task: Task, report: CompleteTask, now: number): TaskChange {
  const takenBack = wasTakenBack(task, report.claimEpoch);
  // The same report once more: its first answer was lost.
  if (task.status === "COMPLETED" && isBeforeLast(task, report.claimEpoch)) return unchangedTask(task);
  if (!takenBack && !acceptsReport(task, report.claimEpoch, "COMPLETED")) return unchangedTask(task);
  if (isPastDeadline(task, now)) return expireTask(task, now);
  const result = { output: report.output };
  const attempt = takenBack ? amendedAttempt(task, now, result) : endAttempt(task, "COMPLETED", now, result);
  const moved = moveTask(task, "COMPLETED", { type: "worker", id: task.workerId ?? "" });
  return {
    next: { ...moved.next, output: report.output, workerId: null },
    transitions: moved.transitions,
    attempt,
    workflowEvents: inHistory(task, {
      type: "TASK_COMPLETED",
      data: eventData([
        ["taskExecutionId", task.id],
        ["kind", task.kind],
        ["output", rawJson(report.output)],
      ]),
      wakes: true,
    }),
  };
}

/**
 * Ends the running attempt with an error: PENDING again while the budget lasts (`failure_count ≤ max_retries` after
 * counting this one), else FAILED. Only the final failure reaches the workflow. `random` in [0, 1) spreads back-off.
 * Errors: StaleClaim, WrongState.
 */
export function failTask(task: Task, report: FailTask, now: number, random: number): TaskChange {
  if (!acceptsReport(task, report.claimEpoch, "FAILED")) return unchangedTask(task);
  const attempt = endAttempt(task, "FAILED", now, { error: report.error });
  const failureCount = task.failureCount + 1;
  const actor = { type: "worker", id: task.workerId ?? "" } as const;
  if (report.retryable && failureCount <= task.maxRetries) {
    const moved = moveTask(task, "PENDING", actor, "retry");
    const delayMs = retryDelayMs(task.retryPolicy ?? undefined, failureCount, random, report.retryAfterMs);
    return {
      next: { ...moved.next, failureCount, workerId: null, availableAtMs: now + delayMs },
      transitions: moved.transitions,
      attempt,
      workflowEvents: [],
    };
  }
  const moved = moveTask(task, "FAILED", actor);
  return {
    next: { ...moved.next, failureCount, workerId: null, error: report.error },
    transitions: moved.transitions,
    attempt,
    workflowEvents: taskFailedEvents(task, report.error, report.retryable),
  };
}

/** Whether the task waits for a worker because this very claim was taken back. */
function wasTakenBack(task: Task, claimEpoch: number | undefined): boolean {
  // Taking back raises the epoch by one and keeps the worker; a failed attempt that waits for its retry has neither.
  return task.status === "PENDING" && task.workerId !== null && isBeforeLast(task, claimEpoch);
}

/** Whether this is the claim before the last rise of the epoch. */
function isBeforeLast(task: Task, claimEpoch: number | undefined): boolean {
  return claimEpoch !== undefined && claimEpoch + 1 === task.claimEpoch;
}

/**
 * Whether a worker's report applies. False: accepted without effect. Callers that send a claim epoch are told precisely;
 * callers that send none cannot be told apart from the current holder, so only the status decides.
 * A lease that ran out while nobody else took the task does not matter: the epoch still matches.
 */
function acceptsReport(task: Task, claimEpoch: number | undefined, outcome: TaskStatus): boolean {
  if (task.status === "RUNNING" && (claimEpoch === undefined || claimEpoch === task.claimEpoch)) return true;
  if (claimEpoch === undefined) {
    if (isTaskTerminal(task.status)) return false;
    throw new DomainError("WrongState", `the task is ${task.status}, not RUNNING`, { reason: "NOT_ACTIVE" });
  }
  if (claimEpoch !== task.claimEpoch && !isTaskTerminal(task.status)) {
    throw new DomainError("StaleClaim", "the task was handed to another worker", { reason: "STALE_LEASE" });
  }
  if (claimEpoch === task.claimEpoch && isRepeat(task, outcome)) return false;
  const reason = claimEpoch === task.claimEpoch ? "ALREADY_ENDED" : "NOT_ACTIVE";
  throw new DomainError("WrongState", `the task is ${task.status}, not RUNNING`, { reason });
}

/** The same report once more: its first answer was lost. A failed attempt that is retried leaves the task PENDING. */
function isRepeat(task: Task, outcome: TaskStatus): boolean {
  return task.status === outcome || (outcome === "FAILED" && task.status === "PENDING");
}
