import { encodeJson } from "../json.js";
import type { RecordOperation } from "./commands.js";
import type { RecordedEvent } from "./history.js";

/** Operation names of the engine's own; code must not use them. */
export const reservedPrefix = "flovyn:";
const markName = `${reservedPrefix}signals`;

/** What one look for signals saw. History keeps it as an operation, because no other event could tell it on replay. */
export interface SignalMark {
  /** Name that was looked for. */
  readonly signal: string;
  /** The look saw the signals of that name up to this event sequence. */
  readonly through: number;
  /** The event that keeps the mark. */
  readonly sequence: number;
}

export function isMark({ type, data }: RecordedEvent): boolean {
  return type === "OPERATION_COMPLETED" && data.operationName === markName;
}

/** The number of the look, from 0, and the mark. Errors: Error when the event is not as `markCommand` made it. */
export function readMark({ sequence, type, data }: RecordedEvent): [look: number, mark: SignalMark] {
  const { look, signal, through } = (data.result ?? {}) as Record<string, unknown>;
  if (typeof look !== "number" || typeof signal !== "string" || typeof through !== "number") {
    throw new Error(`event ${sequence} (${type}) does not hold what a look for signals saw`);
  }
  return [look, { signal, through, sequence }];
}

export function markCommand(look: number, mark: Pick<SignalMark, "signal" | "through">): RecordOperation {
  const { signal, through } = mark;
  return { type: "RECORD_OPERATION", name: markName, result: encodeJson({ look, signal, through }, "a signal mark") };
}
