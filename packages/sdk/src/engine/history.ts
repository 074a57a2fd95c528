import { type CallType, roleOf } from "./event-catalogue.js";
import type { RecordedEnd } from "./local-ends.js";
import { readEnds } from "./order-mark.js";
import { isMark, readMark, type SignalMark } from "./signal-mark.js";

/** One event as the server sends it; `data` is the text of a JSON object. */
export interface HistoryEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Uint8Array;
}

export interface RecordedEvent {
  readonly sequence: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Something that happened to the workflow from outside: the end of a call, or a signal. */
export type Happening =
  | { readonly what: "outcome"; readonly key: string; readonly event: RecordedEvent }
  | { readonly what: "signal"; readonly name: string; readonly event: RecordedEvent };

/** Calls whose trace has its place by the order of the calls. Operations have theirs by the order of their ends. */
export type PlacedCall = Exclude<CallType, "operation">;

/** The trace of a call. */
export interface InitiatedCall {
  readonly callType: PlacedCall;
  readonly event: RecordedEvent;
}

/** A history sorted by what replay looks for. */
export interface History {
  /** In the order of the calls. */
  readonly initiated: readonly InitiatedCall[];
  /** What ended in the process of an earlier activation, in that order. */
  readonly ends: readonly RecordedEnd[];
  /** In the order in which they happened. */
  readonly happenings: readonly Happening[];
  /** Keys of the calls that ended, whether or not replay came to the end. */
  readonly ended: ReadonlySet<string>;
  /** Signals by name, in the order in which they arrived. */
  readonly signals: ReadonlyMap<string, readonly RecordedEvent[]>;
  /** What looks for signals saw, by the number of the look. */
  readonly marks: ReadonlyMap<number, SignalMark>;
  /** Reason of a cancellation that was asked for, undefined without one. */
  readonly cancellation: string | undefined;
  /** Highest sequence of any event, 0 without events. */
  readonly lastSequence: number;
}

/** Errors: Error for an event of unknown type, and for data that replay needs and that is not a JSON object. */
export function readHistory(events: readonly HistoryEvent[]): History {
  const initiated: InitiatedCall[] = [];
  const operations: RecordedEvent[] = [];
  const happenings: Happening[] = [];
  const ended = new Set<string>();
  const signals = new Map<string, RecordedEvent[]>();
  const marks = new Map<number, SignalMark>();
  let cancellation: string | undefined;
  let lastSequence = 0;
  for (const raw of inOrder(events)) {
    lastSequence = raw.sequence;
    const role = roleOf(raw);
    if (role.role === "informs") continue;
    const event = parse(raw);
    switch (role.role) {
      case "initiates":
        if (isMark(event)) marks.set(...readMark(event));
        else if (role.callType === "operation") operations.push(event);
        else initiated.push({ callType: role.callType, event });
        break;
      case "ends": {
        const key = role.key(event.data);
        ended.add(key);
        happenings.push({ what: "outcome", key, event });
        break;
      }
      case "signals": {
        const name = String(event.data.signalName);
        const earlier = signals.get(name);
        if (earlier === undefined) signals.set(name, [event]);
        else earlier.push(event);
        happenings.push({ what: "signal", name, event });
        break;
      }
      case "cancels":
        cancellation ??= String(event.data.reason ?? "");
        break;
    }
  }
  return { initiated, ends: readEnds(operations), happenings, ended, signals, marks, cancellation, lastSequence };
}

/** The server sends them in order; a sort of what is sorted costs nothing against what a wrong order would do. */
function inOrder(events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const sorted = events.every((event, index) => index === 0 || (events[index - 1]?.sequence ?? 0) < event.sequence);
  return sorted ? events : [...events].sort((a, b) => a.sequence - b.sequence);
}

function parse(event: HistoryEvent): RecordedEvent {
  const { sequence, type } = event;
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(event.data.buffer, event.data.byteOffset, event.data.byteLength).toString("utf8"));
  } catch (cause) {
    throw new Error(`event ${sequence} (${type}) does not hold JSON`, { cause });
  }
  if (data === null || typeof data !== "object" || Array.isArray(data)) {
    throw new Error(`event ${sequence} (${type}) does not hold a JSON object`);
  }
  return { sequence, type, data: data as Record<string, unknown> };
}
