import { eventData, rawJson } from "../event-data.js";
import type { ExternalEvent } from "../workflow/append-external.js";
import type { DurablePromise, Settlement } from "./state.js";

export interface PromiseChange {
  readonly next: DurablePromise;
  readonly event: ExternalEvent;
}

/** Settles an open promise; undefined when it was settled before: the first one wins. Source: ResolvePromise, RejectPromise. */
export function settlePromise(promise: DurablePromise, settlement: Settlement): PromiseChange | undefined {
  if (promise.status !== "OPEN") return undefined;
  if (settlement.type === "RESOLVED") {
    return {
      next: { ...promise, status: "RESOLVED", value: settlement.value },
      event: { type: "PROMISE_RESOLVED", data: resolvedData(promise, settlement.value), wakes: true },
    };
  }
  return {
    next: { ...promise, status: "REJECTED", error: settlement.error },
    event: {
      type: "PROMISE_REJECTED",
      data: eventData([
        ["promiseId", promise.id],
        ["promiseName", promise.name],
        ["error", settlement.error],
      ]),
      wakes: true,
    },
  };
}

/** Ends an open promise whose time is up; undefined when there is nothing to do. */
export function timeOutPromise(promise: DurablePromise, now: number): PromiseChange | undefined {
  if (promise.status !== "OPEN" || promise.timeoutAtMs === null || promise.timeoutAtMs > now) return undefined;
  return {
    next: { ...promise, status: "TIMED_OUT" },
    event: {
      type: "PROMISE_TIMEOUT",
      data: eventData([
        ["promiseId", promise.id],
        ["promiseName", promise.name],
      ]),
      wakes: true,
    },
  };
}

/** Whether a promise that is settled already was settled like this: then the same call again is no mistake. */
export function isSameSettlement(promise: DurablePromise, settlement: Settlement): boolean {
  if (promise.status !== settlement.type) return false;
  if (settlement.type === "REJECTED") return promise.error === settlement.error;
  return Buffer.compare(promise.value ?? new Uint8Array(0), settlement.value) === 0;
}

export function resolvedData(promise: { id: string; name: string }, value: Uint8Array): Buffer {
  return eventData([
    ["promiseId", promise.id],
    ["promiseName", promise.name],
    ["value", rawJson(value)],
  ]);
}
