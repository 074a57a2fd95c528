import { expect, it } from "vitest";
import { eventLine } from "./event-line.js";

const startedAtMs = Date.parse("2026-11-21T08:29:56.000Z");

function lineOf(eventType: string, data: Record<string, unknown>): string {
  return eventLine({ sequence: 7, eventType, timestamp: "2026-11-21T08:29:57.230Z", data }, startedAtMs);
}

it("shows time, sequence, type and detail in columns", () => {
  expect(lineOf("TASK_SCHEDULED", { kind: "charge" })).toBe("  1.23 s    7  TASK_SCHEDULED             charge");
  expect(lineOf("WORKFLOW_EXECUTION_FAILED", { error: "no" })).toBe("  1.23 s    7  WORKFLOW_EXECUTION_FAILED  no");
});

it.each([
  ["WORKFLOW_STARTED", { workflowKind: "order", input: {} }, "order"],
  ["WORKFLOW_CANCELLED", { reason: "ordered twice" }, "ordered twice"],
  ["OPERATION_COMPLETED", { operationName: "list", result: ["a"] }, 'list = ["a"]'],
  ["STATE_SET", { key: "step", value: "charging" }, 'step = "charging"'],
  ["STATE_CLEARED", { key: "step" }, "step"],
  ["TASK_COMPLETED", { kind: "charge", output: { paid: true } }, 'charge = {"paid":true}'],
  ["TASK_COMPLETED", { kind: "charge", output: null }, "charge = null"],
  ["TASK_FAILED", { kind: "charge", error: "card declined" }, "charge: card declined"],
  ["TIMER_STARTED", { timerId: "timer-0", durationMs: 400, fireAt: 1 }, "timer-0, 0.4 s"],
  ["TIMER_FIRED", { timerId: "timer-0" }, "timer-0"],
  ["PROMISE_CREATED", { promiseName: "go", timeoutMs: 300_000, idempotencyKey: "a:b" }, "go, 300 s, key a:b"],
  ["PROMISE_CREATED", { promiseName: "go", timeoutMs: null, idempotencyKey: null }, "go"],
  ["PROMISE_RESOLVED", { promiseName: "go", value: 1 }, "go = 1"],
  ["PROMISE_REJECTED", { promiseName: "go", error: "no" }, "go: no"],
  ["PROMISE_TIMEOUT", { promiseName: "go" }, "go"],
  ["CHILD_WORKFLOW_INITIATED", { childExecutionName: "a", childWorkflowKind: "ship" }, "a, ship"],
  ["CHILD_WORKFLOW_COMPLETED", { childExecutionName: "a", output: "x" }, 'a = "x"'],
  ["CHILD_WORKFLOW_FAILED", { childExecutionName: "a", error: "late" }, "a: late"],
  ["SIGNAL_RECEIVED", { signalName: "say", signalValue: "hi" }, 'say = "hi"'],
])("tells what %s is about: %j", (type, data, detail) => {
  expect(lineOf(type, data).slice("  1.23 s    7  WORKFLOW_EXECUTION_FAILED  ".length)).toBe(detail);
});

it("keeps long and broken text to one line of bounded length", () => {
  const line = lineOf("TASK_FAILED", { kind: "charge", error: `first\nsecond ${"x".repeat(500)}` });
  expect(line).toMatch(/charge: first second x+\.\.\.$/);
  expect(line.length).toBeLessThan(130);
});
