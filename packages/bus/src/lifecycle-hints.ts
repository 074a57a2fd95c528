import { cutText, type LifecycleMove } from "@flovyn/domain";
import { type LifecycleEvent, LifecycleHint } from "@flovyn/proto/internal";
import type { Bus } from "./bus.js";
import { lifecycleSubject } from "./subjects.js";

/** Watchers get the beginning of an error; the execution keeps all of it. In characters. */
export const lifecycleErrorMax = 4096;
/** Text of the events in one message, in UTF-16 code units of up to 3 bytes: stays below 1 MiB, what brokers allow. */
const messageTextMax = 300_000;

/** Tells live streams what one batch did: one message for each org, or a few where errors are long. */
export function hintLifecycle(bus: Bus, moves: readonly LifecycleMove[]): void {
  const messages = new Map<string, OrgMessage>();
  for (const move of moves) {
    let message = messages.get(move.orgId);
    if (message === undefined) {
      message = new OrgMessage(bus, move.orgId);
      messages.set(move.orgId, message);
    }
    message.add(move);
  }
  for (const message of messages.values()) message.send();
}

class OrgMessage {
  readonly #bus: Bus;
  readonly #orgId: string;
  #events: LifecycleEvent[] = [];
  #textLength = 0;

  constructor(bus: Bus, orgId: string) {
    this.#bus = bus;
    this.#orgId = orgId;
  }

  add(move: LifecycleMove): void {
    const error = move.error === undefined ? undefined : cutText(move.error, lifecycleErrorMax);
    const length = eventTextLength + move.kind.length + (error?.length ?? 0) + (move.suspendType?.length ?? 0);
    if (this.#textLength + length > messageTextMax) this.send();
    this.#textLength += length;
    // Every member in its place, for each of them is one object on the path of every batch.
    this.#events.push({
      workflowExecutionId: move.workflowId,
      event: move.event,
      kind: move.kind,
      status: move.status,
      workerId: undefined,
      error,
      parentWorkflowExecutionId: move.parentId,
      suspendType: move.suspendType,
      timestampMs: move.timestampMs,
    });
  }

  send(): void {
    if (this.#events.length === 0) return;
    this.#bus.hint(lifecycleSubject(this.#orgId), LifecycleHint.encode({ events: this.#events }).finish());
    this.#events = [];
    this.#textLength = 0;
  }
}

/** Two ids, names, numbers and tags. */
const eventTextLength = 150;
