import { describe, expect, test } from "vitest";
import { activate, output, type Run } from "../../test/activate.js";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";

describe("a determinism violation", () => {
  const histories: [string, string, Record<string, unknown>, Run, string][] = [
    [
      "of a task",
      "TASK_SCHEDULED",
      { taskExecutionId: "t", kind: "charge" },
      (ctx) => ctx.schedule("refund"),
      'asked to schedule task "refund" as its task call 1, but history holds task "charge" there (TASK_SCHEDULED, event sequence 2)',
    ],
    [
      "of an operation",
      "OPERATION_COMPLETED",
      { operationName: "price", result: 1 },
      (ctx) => ctx.run("tax", () => 1),
      'asked to run operation "tax" as its operation call 1, but history holds operation "price" there',
    ],
    [
      "of a state key",
      "STATE_SET",
      { key: "status", value: 1 },
      (ctx) => ctx.set("state", 1),
      'asked to set state key "state" as its state call 1, but history holds a set of state key "status" there',
    ],
    [
      "of a state call",
      "STATE_SET",
      { key: "status", value: 1 },
      (ctx) => ctx.clear("status"),
      'asked to clear state key "status" as its state call 1, but history holds a set of state key "status" there',
    ],
    [
      "of a timer",
      "TIMER_STARTED",
      { timerId: "sleep-1", durationMs: 1 },
      (ctx) => ctx.sleep(1),
      'asked to start timer "timer-0" as its timer call 1, but history holds timer "sleep-1" there',
    ],
    [
      "of a promise",
      "PROMISE_CREATED",
      { promiseName: "approval", promiseId: "p" },
      (ctx) => ctx.promise("payment"),
      'asked to create promise "payment" as its promise call 1, but history holds promise "approval" there',
    ],
    [
      "of the name of a child workflow",
      "CHILD_WORKFLOW_INITIATED",
      { childExecutionName: "first", childWorkflowKind: "echo" },
      (ctx) => ctx.scheduleWorkflow("echo", null, { name: "second" }),
      'asked to schedule child workflow "second" of kind "echo" as its child call 1, but history holds child workflow "first" of kind "echo" there',
    ],
    [
      "of the kind of a child workflow",
      "CHILD_WORKFLOW_INITIATED",
      { childExecutionName: "first", childWorkflowKind: "echo" },
      (ctx) => ctx.scheduleWorkflow("shout", null, { name: "first" }),
      'asked to schedule child workflow "first" of kind "shout" as its child call 1',
    ],
  ];

  test.each(histories)("%s says what was asked and what history holds", async (_name, type, data, run, text) => {
    const simulated = new SimulatedWorkflow();
    simulated.append(type, data);
    const result = await activate(run, simulated);
    expect(result.outcome).toMatchObject({ status: "FAILED" });
    expect((result.outcome as { error: string }).error).toContain(`Determinism violation: the workflow code ${text}`);
  });

  test("cannot be caught, and adds nothing to history", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.append("STATE_SET", { key: "status", value: 1 });
    const result = await activate((ctx) => {
      try {
        ctx.set("other", 1);
        void ctx.schedule("more");
      } catch {}
      return "done";
    }, simulated);
    expect(result.outcome).toMatchObject({ status: "FAILED", error: expect.stringContaining("Determinism violation") });
    expect(result.commands).toEqual([]);
  });

  test("is not that code asks for less than history holds", async () => {
    const simulated = new SimulatedWorkflow();
    for (const id of ["one", "two"]) simulated.append("TASK_SCHEDULED", { taskExecutionId: id, kind: "add" });
    for (const id of ["one", "two"]) simulated.append("TASK_COMPLETED", { taskExecutionId: id, output: id });
    expect(output(await activate((ctx) => ctx.schedule("add"), simulated))).toBe("one");
  });
});
