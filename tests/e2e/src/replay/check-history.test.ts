/** What the readers of SDKs and the checks make of histories that do not hold; the events are those of real ones. */
import type { WorkflowEvent } from "@flovyn/proto/v1";
import { describe, expect, test } from "vitest";
import { checkHistory } from "./check-history.js";
import { readFfi } from "./ffi.js";
import { readKotlin } from "./kotlin.js";
import { readNapi } from "./napi.js";
import { readRust } from "./rust.js";

type Row = [eventType: string, data: Record<string, unknown>];

const names = {
  ...{ childExecutionName: "c", childWorkflowExecutionName: "c", childWorkflowKind: "k", childExecutionId: "child" },
  ...{ childworkflowExecutionId: "child", childWorkflowExecutionId: "child" },
};
const started: Row = ["WORKFLOW_STARTED", { input: null }];
const operation: Row = ["OPERATION_COMPLETED", { operationName: "o", result: null }];
const scheduled: Row = ["TASK_SCHEDULED", { taskExecutionId: "t", kind: "k", taskType: "k" }];
const taskDone: Row = ["TASK_COMPLETED", { taskExecutionId: "t", output: null }];
const armed: Row = ["TIMER_STARTED", { timerId: "timer-0" }];
const fired: Row = ["TIMER_FIRED", { timerId: "timer-0" }];
const created: Row = ["PROMISE_CREATED", { promiseName: "p", promiseId: "promise" }];
const resolved: Row = ["PROMISE_RESOLVED", { promiseId: "promise", value: 1 }];
const initiated: Row = ["CHILD_WORKFLOW_INITIATED", { ...names, workflowKind: "k" }];
const childFailed: Row = ["CHILD_WORKFLOW_FAILED", { ...names, error: "no luck" }];
const signal: Row = ["SIGNAL_RECEIVED", { signalName: "s", signalValue: 1 }];
const completed: Row = ["WORKFLOW_COMPLETED", { output: 1 }];
const unknown: Row = ["RETRY_REQUESTED", { note: "again" }];

function history(...rows: Row[]): WorkflowEvent[] {
  return rows.map(([eventType, data], index) => ({
    sequenceNumber: index + 1,
    eventType,
    eventData: Buffer.from(JSON.stringify(data)),
  }));
}

test("a history in which everything ended once holds", () => {
  const waits = [armed, created, initiated, signal, resolved, fired, childFailed];
  expect(() => checkHistory(history(started, operation, scheduled, taskDone, ...waits, completed))).not.toThrow();
});

describe("pitfall 21: unknown types of events", () => {
  const read = history(started, operation, unknown, scheduled);

  test("make the check fail, wherever they stand", () => {
    expect(() => checkHistory(read)).toThrow("RETRY_REQUESTED");
    expect(() => checkHistory(history(started, completed, unknown))).toThrow("RETRY_REQUESTED");
  });

  test("do nothing to readers that take them for the start or drop them, and break those that take them for operations", () => {
    const clean = history(started, operation, scheduled);
    expect(readRust(read)).toEqual(readRust(clean));
    expect(readNapi(read)).toEqual(readNapi(clean));
    expect(() => readFfi(read)).toThrow("OPERATION_COMPLETED at 3 lacks operationName");
    expect(() => readKotlin(read)).toThrow("OPERATION_COMPLETED at 3");
  });

  test("that only end a history are never replayed", () => {
    const end: Row[] = [
      ["CANCELLATION_REQUESTED", { reason: "" }],
      ["WORKFLOW_CANCELLED", { reason: "" }],
    ];
    expect(() => checkHistory(history(started, ...end))).not.toThrow();
    expect(() => checkHistory(history(started, ...end, signal))).toThrow("goes on after its end");
  });
});

describe("what does not hold", () => {
  test.each<[string, Row[], string]>([
    ["no start", [operation], "WORKFLOW_STARTED"],
    ["two starts", [started, started], "started twice"],
    ["a task scheduled twice", [started, scheduled, scheduled], "TASK_SCHEDULED twice"],
    ["a task scheduled again after its end", [started, scheduled, taskDone, scheduled], "TASK_SCHEDULED twice"],
    ["an end before its beginning", [started, taskDone, scheduled], "did not begin"],
    ["a timer that fires twice", [started, armed, fired, fired], "which had ended"],
    ["a promise that is settled twice", [started, created, resolved, resolved], "which had ended"],
    ["a child that ends twice", [started, initiated, childFailed, childFailed], "which had ended"],
    ["a task without output", [started, scheduled, ["TASK_COMPLETED", { taskExecutionId: "t", result: 1 }]], "output"],
    ["an operation without result", [started, ["OPERATION_COMPLETED", { operationName: "o" }]], "result"],
    ["a promise known by its name alone", [started, ["PROMISE_CREATED", { promiseName: "p" }]], "promiseId"],
    [
      "a task without the older key of its kind",
      [started, ["TASK_SCHEDULED", { taskExecutionId: "t", kind: "k" }]],
      "taskType",
    ],
    [
      "a failed child without the id that its error names",
      [started, initiated, ["CHILD_WORKFLOW_FAILED", { childExecutionName: "c", error: "no luck" }]],
      "childworkflowExecutionId",
    ],
  ])("%s", (_name, rows, message) => {
    expect(() => checkHistory(history(...rows))).toThrow(message);
  });

  test("a gap in the sequence", () => {
    const [first, second] = history(started, operation);
    if (first === undefined || second === undefined) throw new Error("no events");
    expect(() => checkHistory([first, { ...second, sequenceNumber: 3 }])).toThrow();
  });

  test("data that is no object", () => {
    const [first] = history(started);
    if (first === undefined) throw new Error("no event");
    expect(() => checkHistory([{ ...first, eventData: Buffer.from("[]") }])).toThrow("no object");
  });
});
