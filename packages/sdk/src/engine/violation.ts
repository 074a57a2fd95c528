import type { CallType } from "./event-catalogue.js";
import type { RecordedEvent } from "./history.js";
import { jsonHash } from "./json-hash.js";
import type { SignalMark } from "./signal-mark.js";

/** A call as a determinism violation names it. */
export interface Asked<Type extends CallType = CallType> {
  readonly callType: Type;
  /** For people: `schedule task "charge"`. */
  readonly text: string;
  /** The input as JSON gives it, where events of this type hold one. */
  readonly input?: () => unknown;
  /** Whether an event is the trace of this call. */
  matches(event: RecordedEvent): boolean;
}

/** Code that is not the code which made the history: another deploy, or code that is not deterministic. */
export class DeterminismViolation extends Error {
  /** The event that history holds where the code asked for something else. */
  readonly eventSequence: number;

  constructor(text: string, eventSequence: number) {
    super(`Determinism violation: ${text}`);
    this.eventSequence = eventSequence;
  }
}

/** A call that is not the one whose trace history holds in its place. */
export function violation(asked: Asked, position: number, event: RecordedEvent): Error {
  return differs(`${asked.text} as its ${placeOf(asked, position)}`, describe(event), event);
}

/** The right call, with another input. */
export function inputViolation(
  asked: Asked,
  position: number,
  { event, given, held }: { event: RecordedEvent; given: unknown; held: unknown },
): Error {
  const input = (value: unknown) => `with an input of hash ${jsonHash(value)}`;
  const text = `${asked.text} ${input(given)} as its ${placeOf(asked, position)}`;
  return differs(text, `${describe(event)} ${input(held)}`, event);
}

/** A call that history holds and the code does not make. */
export function missing(event: RecordedEvent, instead: string): Error {
  return new DeterminismViolation(
    `the workflow code ${instead}, but history holds ${describe(event)} next ` +
      `(${event.type}, event sequence ${event.sequence})`,
    event.sequence,
  );
}

/** Operations have a count of their own: they are recorded when they end. */
function placeOf({ callType }: Asked, position: number): string {
  return `${callType === "operation" ? "operation" : "call"} ${position + 1}`;
}

/** The same for a look for signals. */
export function lookViolation(look: number, signal: string, mark: SignalMark): Error {
  const asked = `look for signals ${quoted(signal)} as its look ${look + 1}`;
  const held = `a look for signals ${quoted(mark.signal)}`;
  return differs(asked, held, { type: "OPERATION_COMPLETED", sequence: mark.sequence });
}

function differs(asked: string, held: string, event: Pick<RecordedEvent, "type" | "sequence">): Error {
  return new DeterminismViolation(
    `the workflow code asked to ${asked}, ` +
      `but history holds ${held} there (${event.type}, event sequence ${event.sequence})`,
    event.sequence,
  );
}

function describe({ type, data }: RecordedEvent): string {
  switch (type) {
    case "TASK_SCHEDULED":
      return `task ${quoted(data.kind)}`;
    case "OPERATION_COMPLETED":
      return `operation ${quoted(operationName(data))}`;
    case "STATE_SET":
      return `a set of state key ${quoted(data.key)}`;
    case "STATE_CLEARED":
      return `a clear of state key ${quoted(data.key)}`;
    case "TIMER_STARTED":
      return `timer ${quoted(data.timerId)}`;
    case "PROMISE_CREATED":
      return `promise ${quoted(data.promiseName)}`;
    case "CHILD_WORKFLOW_INITIATED":
      return `child workflow ${quoted(data.childExecutionName)} of kind ${quoted(data.childWorkflowKind)}`;
    default:
      return "something else";
  }
}

/** Other clients fall back to `name` when reading, so this one does too. */
export function operationName(data: RecordedEvent["data"]): unknown {
  return data.operationName ?? data.name;
}

function quoted(value: unknown): string {
  return JSON.stringify(value) ?? "undefined";
}
