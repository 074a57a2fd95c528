import { DomainError } from "../errors.js";
import { eventData } from "../event-data.js";
import { payloadBytesMax } from "../limits.js";
import { systemActor } from "../transition.js";
import { append, beginChange, finishChange, moveTo } from "./change.js";
import type { Workflow, WorkflowChange } from "./state.js";

/** How long the history of one run may become. Its bytes are those of its event data. */
export interface HistoryLimits {
  readonly events: number;
  readonly bytes: number;
}

const mebibyte = 1024 * 1024;

/** As in Temporal: each activation after the first reads all of it. */
export const historyLimitsDefault: HistoryLimits = { events: 51_200, bytes: 50 * mebibyte };
/** The largest limits that may be configured: with their reserve one answer takes them, see `historyReplyBytesMax`. */
export const historyLimitsMax: HistoryLimits = { events: 200_000, bytes: 100 * mebibyte };
export const historyLimitsMin: HistoryLimits = { events: 100, bytes: mebibyte };

/** A history that is answered whole has at most so many bytes, whatever limits it grew under. */
export const historyReplyBytesMax = 160 * mebibyte;
/** What an event costs beside its data, in an answer. */
const eventOverheadBytes = 64;

/** Reason of refusals and of the failure of a workflow whose history is full. */
export const historyLimitReason = "HISTORY_LIMIT";

type Size = Pick<Workflow, "sequence" | "historyBytes">;

/** A long history is warned of at a fifth of its limit. */
function warningLimits({ events, bytes }: HistoryLimits): HistoryLimits {
  return { events: Math.ceil(events / 5), bytes: Math.ceil(bytes / 5) };
}

/**
 * The limits for what the workflow asked for while it had room: results of tasks, timers, promises and children, and its
 * own end. A fifth more, and at least room for two payloads and a hundred events.
 */
export function withReserve({ events, bytes }: HistoryLimits): HistoryLimits {
  return {
    events: events + Math.max(100, Math.ceil(events / 5)),
    bytes: bytes + Math.max(2 * payloadBytesMax, Math.ceil(bytes / 5)),
  };
}

/** How a history is longer than the limits; undefined when it is within them. */
export function historyExcess({ sequence, historyBytes }: Size, limits: HistoryLimits): string | undefined {
  if (sequence > limits.events) return `it would have ${sequence} events, at most ${limits.events} are allowed`;
  if (historyBytes > limits.bytes) return `it would have ${historyBytes} bytes, at most ${limits.bytes} are allowed`;
  return undefined;
}

/** The refusal of what comes from outside and finds the history full. */
export function historyFull(excess: string): DomainError {
  return new DomainError("WrongState", `the history of the workflow is full: ${excess}; ${remedy}`, {
    reason: historyLimitReason,
  });
}

const remedy = "let the workflow end, and go on in a new execution";

/**
 * Fails a live workflow whose history has no room for what has to be appended, in place of that. It is readable
 * afterwards, and what a worker that holds it still sends is ignored.
 */
export function failOfHistory(workflow: Workflow, excess: string): WorkflowChange {
  const error = `The history of the workflow is full: ${excess}. A workflow that goes on for long has to end in time, and go on in a new execution.`;
  const change = beginChange({ ...workflow, error, workerId: null, wakePending: false });
  append(
    change,
    "WORKFLOW_EXECUTION_FAILED",
    eventData([
      ["error", error],
      ["stackTrace", ""],
      ["failureType", historyLimitReason],
    ]),
  );
  moveTo(change, "FAILED", systemActor("history-limit"), historyLimitReason);
  return finishChange(change);
}

/** Which threshold a history has crossed by growing. `full` means that its workflow failed of it. */
export type HistoryThreshold = "warning" | "limit" | "full";

/** The highest threshold that lies between two sizes of a history; undefined when none does. */
export function crossedThreshold(before: Size, change: WorkflowChange, limits: HistoryLimits) {
  const { next, transitions } = change;
  const isCrossed = (threshold: HistoryLimits) =>
    historyExcess(before, threshold) === undefined && historyExcess(next, threshold) !== undefined;
  if (transitions.some(({ to, reason }) => to === "FAILED" && reason === historyLimitReason)) return "full";
  if (isCrossed(limits)) return "limit";
  return isCrossed(warningLimits(limits)) ? "warning" : undefined;
}

/** Refuses to answer a history in one piece that is larger than any answer. Errors: WrongState. */
export function checkWholeHistory({ sequence, historyBytes }: Size): void {
  const bytes = historyBytes + sequence * eventOverheadBytes;
  if (bytes <= historyReplyBytesMax) return;
  throw new DomainError(
    "WrongState",
    `the history of the workflow has ${sequence} events of ${historyBytes} bytes, more than one answer takes; REST shows it in pages`,
    { reason: historyLimitReason },
  );
}
