/** What each writer does at the limit of a history. Method: limits of a few events or bytes, and a workflow next to them. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../errors.js";
import { payloadBytesMax } from "../limits.js";
import { appendExternal, type ExternalEvent } from "./append-external.js";
import { cancel } from "./cancel.js";
import { claim } from "./claim.js";
import type { ActivationOutcome, WorkflowCommand } from "./commands.js";
import {
  checkWholeHistory,
  crossedThreshold,
  type HistoryLimits,
  historyExcess,
  historyLimitsMax,
  historyReplyBytesMax,
  withReserve,
} from "./history-limit.js";
import { signalWorkflow } from "./signal.js";
import { startWorkflow } from "./start.js";
import type { Workflow, WorkflowChange } from "./state.js";
import { submit } from "./submit.js";
import { nothingKnown } from "./submit-effects.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const actor = { type: "user", id: "u" } as const;
const limits: HistoryLimits = { events: 200, bytes: 10_000 };
const reserve = withReserve(limits);
const started = startWorkflow(
  {
    ...{ id, orgId: id, kind: "order", queue: "orders", input: Buffer.from("1"), version: null, parentId: null },
    ...{ childName: null, initiatedSequence: null, partitionKey: 0, rootExecutionId: id, traceparent: "" },
    ...{ hasIdempotencyKey: false, createdAtMs: 0 },
  },
  actor,
);
const running = claim(started.next, "worker").next;
const result: ExternalEvent = { type: "TASK_COMPLETED", data: Buffer.from('{"output":1}'), wakes: true };
const signal = { name: "go", value: Buffer.from("1"), signalId: null };
const signalBytes = '{"signalName":"go","signalValue":1}'.length;
const record: WorkflowCommand = { type: "RECORD_OPERATION", name: "n", result: Buffer.from("1") };
const suspended: ActivationOutcome = { type: "SUSPENDED" };

const submitted = (workflow: Workflow, commands: WorkflowCommand[], outcome: ActivationOutcome) =>
  submit(workflow, { commands, outcome }, nothingKnown, 0, limits);
const types = (change: WorkflowChange) => change.events.map(({ type }) => type);

describe("the size of a history", () => {
  it("is the bytes of all event data, from every writer", () => {
    const event = fc.constantFrom("signal", "result", "submit", "cancel");
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (steps) => {
        let workflow = started.next;
        let bytes = Buffer.byteLength(started.events[0]?.data ?? "");
        const apply = (change: WorkflowChange) => {
          for (const { data } of change.events) bytes += data.byteLength;
          workflow = change.next;
        };
        for (const step of steps) {
          if (step === "cancel") apply(cancel(workflow, "no", actor));
          else if (/ED$/.test(workflow.status)) continue;
          else if (step === "signal") apply(signalWorkflow(workflow, signal, actor));
          else if (step === "result") apply(appendExternal(workflow, [result, result], actor));
          else if (workflow.status === "PENDING") {
            apply(claim(workflow, "worker"));
            apply(submit(workflow, { commands: [record], outcome: suspended }, nothingKnown, 0));
          }
          expect(workflow.historyBytes).toBe(bytes);
        }
      }),
    );
  });
});

describe("a history at its limit", () => {
  it.each([
    ["events", { sequence: 199 }, { sequence: 200 }, "it would have 201 events, at most 200 are allowed"],
    [
      "bytes",
      { historyBytes: 10_000 - signalBytes },
      { historyBytes: 10_001 - signalBytes },
      "it would have 10001 bytes, at most 10000 are allowed",
    ],
  ])(
    "takes a signal that fits and refuses one more, as a state that the caller cannot wait out: %s",
    (_of, fits, full, text) => {
      expect(types(signalWorkflow({ ...running, ...fits }, signal, actor, limits))).toEqual(["SIGNAL_RECEIVED"]);
      expect(() => signalWorkflow({ ...running, ...full }, signal, actor, limits)).toThrowError(
        expect.objectContaining({
          ...{ code: "WrongState", reason: "HISTORY_LIMIT" },
          message: `the history of the workflow is full: ${text}; let the workflow end, and go on in a new execution`,
        }),
      );
    },
  );

  it("takes commands that fit, and fails the workflow in place of one more, with nothing of them applied", () => {
    const fits = submitted({ ...running, sequence: 198 }, [record, record], suspended);
    expect([fits.next.status, fits.next.sequence]).toEqual(["WAITING", 200]);
    const timer: WorkflowCommand = { type: "START_TIMER", timerId: "t", durationMs: 1 };
    const full = submitted({ ...running, sequence: 199 }, [record, timer], suspended);
    expect(types(full)).toEqual(["WORKFLOW_EXECUTION_FAILED"]);
    expect(full).toMatchObject({ applied: true, effects: { timers: [] } });
    expect(full.next).toMatchObject({ status: "FAILED", sequence: 200, workerId: null, wakePending: false });
    expect(full.next.error).toContain("it would have 201 events, at most 200 are allowed");
    expect(JSON.parse(Buffer.from(full.events[0]?.data ?? "").toString())).toEqual({
      ...{ error: full.next.error, stackTrace: "", failureType: "HISTORY_LIMIT" },
    });
    expect(full.transitions).toMatchObject([{ from: "RUNNING", to: "FAILED", reason: "HISTORY_LIMIT" }]);
  });

  it("lets the workflow suspend without commands and end as it wants", () => {
    const full = { ...running, sequence: 200, historyBytes: 10_000 };
    expect(submitted(full, [], suspended).next.status).toBe("WAITING");
    const ends: ActivationOutcome[] = [
      { type: "COMPLETED", output: Buffer.from("1") },
      { type: "FAILED", error: "no", stackTrace: "", failureType: "" },
      { type: "CANCELLED", reason: "no" },
    ];
    for (const outcome of ends) {
      const change = submitted(full, [record], outcome);
      expect(change.next.status).toBe(outcome.type);
      expect(types(change)[0]).toBe("OPERATION_COMPLETED");
    }
    expect(cancel(full, "no", actor).next.status).toBe("CANCELLED");
  });

  it.each(["PENDING", "RUNNING", "WAITING"] as const)(
    "takes results into its reserve, and fails a %s workflow in place of one that has no room there either",
    (status) => {
      const at = (sequence: number) => appendExternal({ ...running, status, sequence }, [result], actor, limits);
      expect(types(at(limits.events))).toEqual(["TASK_COMPLETED"]);
      expect(types(at(reserve.events - 1))).toEqual(["TASK_COMPLETED"]);
      const full = at(reserve.events);
      expect(types(full)).toEqual(["WORKFLOW_EXECUTION_FAILED"]);
      expect(full.next).toMatchObject({ status: "FAILED", workerId: null, wakePending: false });
      expect(full.transitions).toMatchObject([{ from: status, to: "FAILED", reason: "HISTORY_LIMIT" }]);
    },
  );

  it("has room for the largest result in its reserve, however small the limit", () => {
    const largest = { ...result, data: Buffer.alloc(payloadBytesMax) };
    const change = appendExternal({ ...running, historyBytes: limits.bytes }, [largest], actor, limits);
    expect(types(change)).toEqual(["TASK_COMPLETED"]);
  });

  it("is left alone by results when the workflow has ended", () => {
    const ended: Workflow = { ...running, status: "FAILED", sequence: reserve.events };
    expect(appendExternal(ended, [result], actor, limits).events).toEqual([]);
  });

  it("lets a child of a workflow that fails of it know, as any other end does", () => {
    const child = { ...running, initiatedSequence: 3, sequence: reserve.events };
    expect(appendExternal(child, [result], actor, limits).next.owesParent).toBe(true);
  });
});

describe("the thresholds of a history", () => {
  const grow = (sequence: number, by: number) => {
    const workflow = { ...running, sequence };
    const change = appendExternal(
      workflow,
      Array.from({ length: by }, () => result),
      actor,
      limits,
    );
    return crossedThreshold(workflow, change, limits);
  };
  it.each([
    [39, 1, undefined],
    [40, 1, "warning"],
    [41, 1, undefined],
    [40, 170, "limit"],
    [199, 1, undefined],
    [200, 1, "limit"],
    [201, 1, undefined],
    [reserve.events, 1, "full"],
  ])("are crossed once: from %d events %d more reach %s", (sequence, by, expected) => {
    expect(grow(sequence, by)).toBe(expected);
  });
});

describe("a history in one answer", () => {
  it("fits when it grew under any limits that may be configured, its end included", () => {
    const { events, bytes } = withReserve(historyLimitsMax);
    expect(() => checkWholeHistory({ sequence: events, historyBytes: bytes + 2 * payloadBytesMax })).not.toThrow();
    expect(historyExcess({ sequence: events, historyBytes: bytes }, withReserve(historyLimitsMax))).toBeUndefined();
  });

  it("is refused when it is larger than any answer", () => {
    expect(() => checkWholeHistory({ sequence: 1, historyBytes: historyReplyBytesMax })).toThrowError(DomainError);
    expect(() => checkWholeHistory({ sequence: 10_000_000, historyBytes: 0 })).toThrowError("10000000 events");
  });
});
