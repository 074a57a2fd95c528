import { assertNever, DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import type { Actor } from "../transition.js";
import { append, beginChange, type ChangeBuilder, finishChange, moveTo } from "./change.js";
import type { ActivationOutcome, ScheduleTask, Submission, WorkflowCommand } from "./commands.js";
import { isWorkflowTerminal, unchanged, type Workflow, type WorkflowChange } from "./state.js";

/** What is already known about a task id that a submission wants to schedule. */
export interface KnownTask {
  kind: string;
  workflowId: string | null;
}

/** A task that the submission creates. */
export interface ScheduledTask extends ScheduleTask {
  queue: string;
  /** Sequence of its TASK_SCHEDULED event. */
  scheduledSequence: number;
}

export interface StateWrite {
  key: string;
  /** Null clears the key. */
  value: Uint8Array | null;
}

export interface SubmitChange extends WorkflowChange {
  tasks: readonly ScheduledTask[];
  stateWrites: readonly StateWrite[];
  /** False for the late or repeated report that changes nothing. */
  applied: boolean;
}

/**
 * Applies the outcome of one activation: one event for each accepted command in order, then the status.
 * `known` answers for every task id of the submission that exists already.
 * Errors: StaleClaim when the caller's claim is no longer current, WrongState when nobody holds the workflow or a task
 * id is taken by something else. Source: SubmitWorkflowCommands.
 */
export function submit(
  workflow: Workflow,
  submission: Submission,
  known: (taskId: string) => KnownTask | undefined,
): SubmitChange {
  if (!isCurrent(workflow, submission)) return { ...unchanged(workflow), tasks: [], stateWrites: [], applied: false };
  const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
  const change = beginChange(workflow);
  const tasks: ScheduledTask[] = [];
  const stateWrites: StateWrite[] = [];
  for (const command of submission.commands) {
    applyCommand(change, command, tasks, stateWrites, known);
  }
  applyOutcome(change, submission, actor);
  change.workflow = { ...change.workflow, workerId: null, wakePending: false };
  return { ...finishChange(change), tasks, stateWrites, applied: true };
}

/** True: apply it. False: a repeat or a late report, accepted without effect. */
function isCurrent(workflow: Workflow, submission: Submission): boolean {
  const epoch = submission.claimEpoch;
  if (epoch !== undefined && epoch !== workflow.claimEpoch && !isWorkflowTerminal(workflow.status)) {
    throw new DomainError("StaleClaim", "the workflow was handed to another worker", { reason: "STALE_LEASE" });
  }
  if (workflow.status === "RUNNING") return true;
  // Claims alone raise the epoch: the same epoch on a workflow that nobody holds means this report was applied before.
  if (isWorkflowTerminal(workflow.status) || epoch !== undefined) return false;
  throw new DomainError("WrongState", `the workflow is ${workflow.status}, not RUNNING`, { reason: "NOT_ACTIVE" });
}

function applyCommand(
  change: ChangeBuilder,
  command: WorkflowCommand,
  tasks: ScheduledTask[],
  stateWrites: StateWrite[],
  known: (taskId: string) => KnownTask | undefined,
): void {
  switch (command.type) {
    case "RECORD_OPERATION":
      append(
        change,
        "OPERATION_COMPLETED",
        eventData([
          ["operationName", command.name],
          ["result", rawJson(command.result)],
        ]),
      );
      return;
    case "SET_STATE":
      append(
        change,
        "STATE_SET",
        eventData([
          ["key", command.key],
          ["value", rawJson(command.value)],
        ]),
      );
      stateWrites.push({ key: command.key, value: command.value });
      return;
    case "CLEAR_STATE":
      append(change, "STATE_CLEARED", eventData([["key", command.key]]));
      stateWrites.push({ key: command.key, value: null });
      return;
    case "SCHEDULE_TASK":
      scheduleTask(change, command, tasks, known);
      return;
    default:
      assertNever(command);
  }
}

function scheduleTask(
  change: ChangeBuilder,
  command: ScheduleTask,
  tasks: ScheduledTask[],
  known: (taskId: string) => KnownTask | undefined,
): void {
  const workflow = change.workflow;
  const scheduled = tasks.find((task) => task.taskId === command.taskId);
  const existing = scheduled ? { kind: scheduled.kind, workflowId: workflow.id } : known(command.taskId);
  if (existing !== undefined) {
    if (existing.workflowId === workflow.id && existing.kind === command.kind) return;
    throw new DomainError("WrongState", `task_execution_id: ${command.taskId} is already used by something else`, {
      field: "task_execution_id",
      reason: "ID_TAKEN",
    });
  }
  const queue = command.queue ?? workflow.queue;
  const data = eventData([
    ["taskExecutionId", command.taskId],
    ["kind", command.kind],
    ["taskType", command.kind],
    ["input", rawJson(command.input)],
    ["queue", queue],
    ["maxRetries", command.maxRetries],
    ["timeoutMs", command.timeoutMs],
    ["idempotencyKey", command.idempotencyKey],
  ]);
  const scheduledSequence = append(change, "TASK_SCHEDULED", data);
  tasks.push({ ...command, queue, scheduledSequence });
}

function applyOutcome(change: ChangeBuilder, submission: Submission, actor: Actor): void {
  const outcome: ActivationOutcome = submission.outcome;
  switch (outcome.type) {
    case "SUSPENDED": {
      const { wakePending, externalSequence } = change.workflow;
      const seen = submission.seenSequence;
      const unseen = wakePending && (seen === undefined || externalSequence > seen);
      moveTo(change, unseen ? "PENDING" : "WAITING", actor);
      return;
    }
    case "COMPLETED":
      append(change, "WORKFLOW_COMPLETED", eventData([["output", rawJson(outcome.output)]]));
      change.workflow = { ...change.workflow, output: outcome.output };
      moveTo(change, "COMPLETED", actor);
      return;
    case "FAILED":
      append(
        change,
        "WORKFLOW_EXECUTION_FAILED",
        eventData([
          ["error", outcome.error],
          ["stackTrace", outcome.stackTrace],
          ["failureType", outcome.failureType],
        ]),
      );
      change.workflow = { ...change.workflow, error: outcome.error };
      moveTo(change, "FAILED", actor);
      return;
    case "CANCELLED":
      append(change, "WORKFLOW_CANCELLED", eventData([["reason", outcome.reason]]));
      change.workflow = { ...change.workflow, cancellation: { reason: outcome.reason, by: actor.id } };
      moveTo(change, "CANCELLED", actor, outcome.reason);
      return;
    default:
      assertNever(outcome);
  }
}
