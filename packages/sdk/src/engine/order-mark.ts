import { encodeJson } from "../json.js";
import type { RecordOperation } from "./commands.js";
import type { RecordedEvent } from "./history.js";
import type { RecordedEnd } from "./local-ends.js";
import { reservedPrefix } from "./signal-mark.js";

const markName = `${reservedPrefix}order`;

/**
 * Where something that ended in the process has its place. With `timer`: that timer came due here. Else it is about the
 * operation that history holds next: `operation` is the number of its call, from 0, when it was not the first of those open.
 */
export interface OrderMark {
  readonly operation?: number;
  readonly timer?: string;
  /** It comes after the happenings up to this event sequence. */
  readonly through: number;
}

export function isOrderMark({ type, data }: RecordedEvent): boolean {
  return type === "OPERATION_COMPLETED" && data.operationName === markName;
}

/** Errors: Error when the event is not as `orderMarkCommand` made it. */
export function readOrderMark({ sequence, type, data }: RecordedEvent): OrderMark {
  const { operation, timer, through } = (data.result ?? {}) as Record<string, unknown>;
  const readable =
    typeof through === "number" &&
    ["undefined", "number"].includes(typeof operation) &&
    ["undefined", "string"].includes(typeof timer);
  if (!readable) throw new Error(`event ${sequence} (${type}) does not hold in which order things ended`);
  return data.result as OrderMark;
}

export function orderMarkCommand(mark: OrderMark): RecordOperation {
  return { type: "RECORD_OPERATION", name: markName, result: encodeJson(mark, "an order mark") };
}

/** Turns the operations of history, marks among them, into what ended one after the other. */
export function readEnds(operations: readonly RecordedEvent[]): RecordedEnd[] {
  const ends: RecordedEnd[] = [];
  let through = 0;
  let call: number | undefined;
  for (const event of operations) {
    if (isOrderMark(event)) {
      const mark = readOrderMark(event);
      through = mark.through;
      if (mark.timer !== undefined) ends.push({ what: "timer", timerId: mark.timer, through, event });
      else call = mark.operation;
    } else {
      ends.push({ what: "operation", call, through, event });
      call = undefined;
    }
  }
  return ends;
}
