import { describe, expect, it } from "vitest";
import { signalsMax, signalWorkflow } from "./signal.js";
import { startWorkflow } from "./start.js";
import { type Workflow, workflowStatuses } from "./state.js";

const actor = { type: "user", id: "u" } as const;
const signal = { name: "message", value: Buffer.from('"\\u0000"'), signalId: null };
const { next: pending } = startWorkflow(
  {
    ...{ id: "w", orgId: "o", kind: "k", queue: "q", input: Buffer.from("1"), version: null, parentId: null },
    ...{ childName: null, initiatedSequence: null, partitionKey: 0, rootExecutionId: "w", traceparent: "" },
    ...{ hasIdempotencyKey: false, createdAtMs: 0 },
  },
  actor,
);

describe("signals", () => {
  it.each([
    ["PENDING", "PENDING", false],
    ["RUNNING", "RUNNING", true],
    ["WAITING", "PENDING", false],
  ] as const)("reach a workflow that is %s: it is %s then", (status, next, wakePending) => {
    const change = signalWorkflow({ ...pending, status }, signal, actor);
    expect(Buffer.from(change.events[0]?.data ?? "").toString()).toBe(
      '{"signalName":"message","signalValue":"\\u0000"}',
    );
    expect(change.next).toMatchObject({ status: next, wakePending, signalCount: 1, externalSequence: 2 });
  });

  it("are refused by a workflow that ended, and beyond the limit", () => {
    for (const status of workflowStatuses.filter((one) => /ED$/.test(one))) {
      const ended: Workflow = { ...pending, status };
      expect(() => signalWorkflow(ended, signal, actor)).toThrowError(expect.objectContaining({ code: "WrongState" }));
    }
    const full = { ...pending, signalCount: signalsMax };
    expect(() => signalWorkflow(full, signal, actor)).toThrowError(expect.objectContaining({ code: "LimitExceeded" }));
    expect(signalWorkflow({ ...full, signalCount: signalsMax - 1 }, signal, actor).next.signalCount).toBe(signalsMax);
  });
});
