import { childKey, promiseKey, taskKey, timerKey } from "../engine/event-catalogue.js";
import {
  type History,
  type HistoryEvent,
  type PlacedCall,
  type RecordedEvent,
  readHistory,
} from "../engine/history.js";
import type { FailedTask } from "../errors.js";
import { decodeJson } from "../json.js";
import { member } from "../thrown/safely.js";

/** What errors about an execution say beyond what its end does. */
export interface ExecutionFacts {
  readonly kind: string | undefined;
  /** What its calls wait for, for people: `task "charge" (id)`. Empty when that is nothing but a signal. */
  readonly waitsFor: readonly string[];
  /** The task whose failure is in a failure text of the workflow. */
  failedTask(failure: string): FailedTask | undefined;
}

/** Reads them from a history. Errors: Error when it cannot be read. */
export function readFacts(events: readonly HistoryEvent[]): ExecutionFacts {
  const history = readHistory(events);
  const started = events.find(({ type }) => type === "WORKFLOW_STARTED");
  const kind = started === undefined ? undefined : member(decodeJson(started.data), "workflowKind");
  return {
    kind: typeof kind === "string" ? kind : undefined,
    waitsFor: outstanding(history),
    failedTask: (failure) => failedTask(history, failure),
  };
}

type Data = RecordedEvent["data"];

function outstanding(history: History): string[] {
  const open = (callType: PlacedCall, key: (data: Data) => string, text: (data: Data) => string) =>
    callsOf(history, callType).flatMap(({ data }) => (history.ended.has(key(data)) ? [] : [text(data)]));
  return [
    ...open(
      "task",
      (data) => taskKey(data.taskExecutionId),
      (data) => `task ${quoted(data.kind)} (${data.taskExecutionId})`,
    ),
    ...open(
      "child",
      (data) => childKey(data.childExecutionName),
      (data) => `child workflow ${quoted(data.childExecutionName)}`,
    ),
    ...open(
      "promise",
      (data) => promiseKey(data.promiseId),
      (data) => `promise ${quoted(data.promiseName)}`,
    ),
    ...open(
      "timer",
      (data) => timerKey(data.timerId),
      (data) => `timer ${quoted(data.timerId)}`,
    ),
  ];
}

/** The last one, because code may have borne others before. */
function failedTask(history: History, failure: string): FailedTask | undefined {
  const failed = history.happenings.findLast(
    ({ event: { type, data } }) =>
      type === "TASK_FAILED" && typeof data.error === "string" && data.error !== "" && failure.includes(data.error),
  );
  if (failed === undefined) return undefined;
  const taskId = String(failed.event.data.taskExecutionId);
  const scheduled = callsOf(history, "task").find(
    ({ data }) => data.taskExecutionId === failed.event.data.taskExecutionId,
  );
  const kind = failed.event.data.kind ?? scheduled?.data.kind;
  return { taskId, kind: String(kind) };
}

function callsOf({ initiated }: History, wanted: PlacedCall): RecordedEvent[] {
  return initiated.flatMap(({ callType, event }) => (callType === wanted ? [event] : []));
}

function quoted(value: unknown): string {
  return JSON.stringify(String(value));
}
