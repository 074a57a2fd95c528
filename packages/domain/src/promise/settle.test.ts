import { describe, expect, it } from "vitest";
import { isSameSettlement, settlePromise, timeOutPromise } from "./settle.js";
import type { DurablePromise, PromiseStatus } from "./state.js";

const open: DurablePromise = {
  ...{
    id: "p",
    orgId: "o",
    workflowId: "w",
    name: "approval",
    status: "OPEN",
    value: null,
    error: null,
    timeoutAtMs: 10,
  },
};
const resolve = { type: "RESOLVED", value: Buffer.from("1.0") } as const;
const reject = { type: "REJECTED", error: "no" } as const;
const dataOf = (change: ReturnType<typeof settlePromise>) => Buffer.from(change?.event.data ?? "").toString();

describe("promises", () => {
  it("are settled once, with the data that clients read", () => {
    const resolved = settlePromise(open, resolve);
    expect(dataOf(resolved)).toBe('{"promiseId":"p","promiseName":"approval","value":1.0}');
    expect(dataOf(settlePromise(open, reject))).toBe('{"promiseId":"p","promiseName":"approval","error":"no"}');
    expect(resolved?.next).toMatchObject({ status: "RESOLVED", value: resolve.value });
    for (const status of ["RESOLVED", "REJECTED", "TIMED_OUT", "CANCELLED"] satisfies PromiseStatus[]) {
      expect(settlePromise({ ...open, status }, resolve)).toBeUndefined();
      expect(timeOutPromise({ ...open, status }, 10)).toBeUndefined();
    }
  });

  it("pitfall 22: time out at their time, not before, with id and name", () => {
    expect(timeOutPromise(open, 9)).toBeUndefined();
    expect(timeOutPromise({ ...open, timeoutAtMs: null }, 10)).toBeUndefined();
    const timedOut = timeOutPromise(open, 10);
    expect(timedOut?.event).toMatchObject({ type: "PROMISE_TIMEOUT", wakes: true });
    expect(dataOf(timedOut)).toBe('{"promiseId":"p","promiseName":"approval"}');
  });

  it("tell the same settlement from another one", () => {
    const resolved = { ...open, status: "RESOLVED" as const, value: Buffer.from("1.0") };
    expect(isSameSettlement(resolved, resolve)).toBe(true);
    expect(isSameSettlement(resolved, { type: "RESOLVED", value: Buffer.from("1") })).toBe(false);
    expect(isSameSettlement(resolved, reject)).toBe(false);
    expect(isSameSettlement({ ...open, status: "REJECTED", error: "no" }, reject)).toBe(true);
    expect(isSameSettlement({ ...open, status: "TIMED_OUT" }, reject)).toBe(false);
  });
});
