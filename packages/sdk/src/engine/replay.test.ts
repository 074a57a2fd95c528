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
