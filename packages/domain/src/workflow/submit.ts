import { assertNever, DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import { createPromise, resolvePromise } from "../promise/commands.js";
import { cancelTimer, startTimer } from "../timer/commands.js";
import type { Actor } from "../transition.js";
import { append, beginChange, type ChangeBuilder, finishChange, moveTo } from "./change.js";
import { cancelChild, scheduleChild } from "./child-commands.js";
import type { ActivationOutcome, Submission, WorkflowCommand } from "./commands.js";
import { CreatedSoFar } from "./created-so-far.js";
import {
  failOfHistory,
  type HistoryLimits,
  historyExcess,
  historyLimitsDefault,
  withReserve,
} from "./history-limit.js";
import { scheduleTask } from "./schedule-task.js";
import { isWorkflowTerminal, unchanged, type Workflow, type WorkflowChange } from "./state.js";
import type { SubmitBuilder } from "./submit-builder.js";
import { noEffects, type SubmitEffects, type SubmitFacts } from "./submit-effects.js";

export interface SubmitChange extends WorkflowChange {
  effects: SubmitEffects;
  /** False for the late or repeated report that changes nothing. */
  applied: boolean;
}

/**
 * Applies the outcome of one activation: one event for each accepted command in order, then the status. Commands that
 * were applied before, as their ids tell, change nothing and append nothing. Where the history has no room for the events
 * of the commands, none is applied and the workflow fails; commands of an activation that ends it may use the reserve.
 * Errors: StaleClaim when the caller's claim is no longer current, WrongState when nobody holds the workflow or a command
 * cannot be applied. Source: SubmitWorkflowCommands.
 */
export function submit(
  workflow: Workflow,
  submission: Submission,
  facts: SubmitFacts,
  now: number,
  limits: HistoryLimits = historyLimitsDefault,
): SubmitChange {
  if (!isCurrent(workflow, submission)) return { ...unchanged(workflow), effects: noEffects(), applied: false };
  const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
  const change = beginChange(workflow);
  const tellsSeen = submission.seenSequence !== undefined;
  const created = new CreatedSoFar(facts);
  const builder: SubmitBuilder = { change, created, facts, now, tellsSeen, asksAgain: false };
  for (const command of submission.commands) applyCommand(builder, command);
  const { effects } = created;
  const excess = historyExcess(change.workflow, submission.outcome.type === "SUSPENDED" ? limits : withReserve(limits));
  if (excess !== undefined && change.events.length > 0) {
    return { ...failOfHistory(workflow, excess), effects: noEffects(), applied: true };
  }
  if (effects.timers.length > 0 || effects.promises.length > 0) {
    change.workflow = { ...change.workflow, hasWaits: true };
  }
  applyOutcome(builder, workflow, submission, actor);
  change.workflow = { ...change.workflow, workerId: null, wakePending: false, activationFailures: 0 };
  return { ...finishChange(change), effects, applied: true };
}

/** True: apply it. False: a repeat or a late report, accepted without effect. Errors: StaleClaim, WrongState. */
export function isCurrent(workflow: Workflow, submission: Submission): boolean {
  const epoch = submission.claimEpoch;
  if (epoch !== undefined && epoch !== workflow.claimEpoch && !isWorkflowTerminal(workflow.status)) {
    throw new DomainError("StaleClaim", "the workflow was handed to another worker", { reason: "STALE_LEASE" });
  }
  if (workflow.status === "RUNNING") return true;
  // Claims alone raise the epoch: the same epoch on a workflow that nobody holds means this report was applied before.
  if (isWorkflowTerminal(workflow.status) || epoch !== undefined) return false;
  throw new DomainError("WrongState", `the workflow is ${workflow.status}, not RUNNING`, { reason: "NOT_ACTIVE" });
}

function applyCommand(builder: SubmitBuilder, command: WorkflowCommand): void {
  const { change } = builder;
  const { effects } = builder.created;
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
      effects.stateWrites.push({ key: command.key, value: command.value });
      return;
    case "CLEAR_STATE":
      append(change, "STATE_CLEARED", eventData([["key", command.key]]));
      effects.stateWrites.push({ key: command.key, value: null });
      return;
    case "SCHEDULE_TASK":
      scheduleTask(builder, command);
      return;
    case "START_TIMER":
      startTimer(builder, command);
      return;
    case "CANCEL_TIMER":
      cancelTimer(builder, command);
      return;
    case "CREATE_PROMISE":
      createPromise(builder, command);
      return;
    case "RESOLVE_PROMISE":
      resolvePromise(builder, command);
      return;
    case "SCHEDULE_CHILD_WORKFLOW":
      scheduleChild(builder, command);
      return;
    case "REQUEST_CANCEL_CHILD_WORKFLOW":
      cancelChild(builder, command);
      return;
    default:
      assertNever(command);
  }
}

/**
 * Whether the worker suspends without knowing of an event that it may wait for. One that ran without the history, as some
 * clients do when they could not read it, does not know of those that came before its claim either. It is believed to be
 * so once for each event, because there are workers that always look like it.
 */
function hasUnseenEvents(builder: SubmitBuilder, submission: Submission): boolean {
  const { change } = builder;
  const { wakePending, externalSequence } = change.workflow;
  if (externalSequence <= (submission.seenSequence ?? 0)) return false;
  if (wakePending) return true;
  if (!builder.asksAgain && !mayHaveMissedHistory(change.workflow, submission)) return false;
  change.workflow = { ...change.workflow, externalSequence: 0 };
  return true;
}

/**
 * A worker that starts over asks again for the first task, timer or child it had, which tells it from others. Where signals
 * or promises come first there may be nothing to ask for, and only who served the history knows.
 */
function mayHaveMissedHistory({ signalCount, hasWaits }: Workflow, submission: Submission): boolean {
  const { historySequence, seenSequence } = submission;
  return historySequence === 0 && seenSequence === undefined && (signalCount > 0 || hasWaits);
}

/**
 * Whether the worker ends the workflow, which it held as `held`, without knowing of a signal. What it does not know of may be
 * another event where there were signals before: then it runs once more for nothing. A worker that does not say what it
 * knows, knows of what it was given.
 */
function hasUnseenSignals({ change, asksAgain }: SubmitBuilder, held: Workflow, submission: Submission): boolean {
  const { seenSequence, historySequence = 0 } = submission;
  if (held.signalCount === 0 || held.externalSequence <= (seenSequence ?? historySequence)) return false;
  if (held.wakePending) return true;
  if (!asksAgain && !mayHaveMissedHistory(held, submission)) return false;
  change.workflow = { ...change.workflow, externalSequence: 0 };
  return true;
}

function applyOutcome(builder: SubmitBuilder, held: Workflow, submission: Submission, actor: Actor): void {
  const { change } = builder;
  const outcome: ActivationOutcome = submission.outcome;
  switch (outcome.type) {
    case "SUSPENDED": {
      const isUnseen = hasUnseenEvents(builder, submission);
      moveTo(change, isUnseen ? "PENDING" : "WAITING", actor);
      return;
    }
    case "COMPLETED":
      if (hasUnseenSignals(builder, held, submission)) {
        holdBackEnd(change, actor);
        return;
      }
      append(change, "WORKFLOW_COMPLETED", eventData([["output", rawJson(outcome.output)]]));
      change.workflow = { ...change.workflow, output: outcome.output };
      moveTo(change, "COMPLETED", actor);
      return;
    case "FAILED":
      if (hasUnseenSignals(builder, held, submission)) {
        holdBackEnd(change, actor);
        return;
      }
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

/**
 * A signal that was accepted is not lost: the workflow is handed out once more, with the signal in its history, and ends when
 * it has seen it. Its commands are applied as those of every activation, so that it replays them. Each time takes a signal
 * that came meanwhile, of which an execution takes `signalsMax`.
 */
function holdBackEnd(change: ChangeBuilder, actor: Actor): void {
  moveTo(change, "PENDING", actor, "UNSEEN_SIGNAL");
}
