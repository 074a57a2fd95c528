import type { HintHandler, Subscription } from "./bus.js";
import { type BusLog, limitedWarning } from "./log.js";
import type { BusStats } from "./stats.js";
import type { HintSubject } from "./subjects.js";

/** Hints that wait for the end of the turn. More than this in one turn are dropped: a hint may be lost, memory may not. */
const waitingMax = 65_536;

/** Hints inside one process: delivered in order after the turn that gave them, never inside the stack of the giver. */
export interface HintQueue {
  push(subject: HintSubject, payload: Uint8Array): void;
  subscribe(subject: HintSubject, handler: HintHandler): Subscription;
  /** Resolves when everything given so far is delivered. */
  flush(): Promise<void>;
  /** Later hints are dropped and counted. */
  close(): void;
}

export function createHintQueue(log: BusLog, stats: BusStats): HintQueue {
  const handlers = new Map<string, Set<HintHandler>>();
  const warnDropped = limitedWarning(log, "hint dropped");
  const deliver = createHintDelivery(log, stats);
  let waiting: { subject: HintSubject; payload: Uint8Array }[] = [];
  let closed = false;

  const deliverAll = (): void => {
    const due = waiting;
    waiting = [];
    for (const { subject, payload } of due) {
      for (const handler of [...(handlers.get(subject) ?? [])]) deliver(handler, payload, subject);
    }
  };

  return {
    push(subject, payload) {
      if (closed || waiting.length >= waitingMax) {
        stats.hintsFailed += 1;
        warnDropped({ subject, reason: closed ? "bus closed" : "too many in one turn" });
        return;
      }
      stats.hintsSent += 1;
      if (waiting.push({ subject, payload }) === 1) setImmediate(deliverAll);
    },
    subscribe(subject, handler) {
      // A wrapper for each subscription: one function may be subscribed twice.
      const own: HintHandler = (payload, from) => handler(payload, from);
      const subscribed = handlers.get(subject) ?? new Set();
      handlers.set(subject, subscribed.add(own));
      return {
        async stop() {
          subscribed.delete(own);
          if (subscribed.size === 0 && handlers.get(subject) === subscribed) handlers.delete(subject);
        },
      };
    },
    flush: () => new Promise((resolve) => setImmediate(resolve)),
    close() {
      closed = true;
      handlers.clear();
    },
  };
}

/** Calls a handler; what it throws is counted and logged, never passed on. */
export function createHintDelivery(
  log: BusLog,
  stats: BusStats,
): (handler: HintHandler, payload: Uint8Array, subject: string) => void {
  const warnFailed = limitedWarning(log, "hint handler failed");
  return (handler, payload, subject) => {
    stats.hintsReceived += 1;
    try {
      handler(payload, subject);
    } catch (err) {
      stats.hintsFailed += 1;
      warnFailed({ err, subject });
    }
  };
}
