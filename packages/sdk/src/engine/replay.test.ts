import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { activate, type Run, step } from "../../test/activate.js";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import type { ActivationResult } from "./run-activation.js";

describe("a determinism violation", () => {
  const histories: [string, string, Record<string, unknown>, Run, string][] = [
    [
      "of a task",
      "TASK_SCHEDULED",
      { taskExecutionId: "t", kind: "charge" },
      (ctx) => ctx.schedule("refund"),
      'asked to schedule task "refund" as its call 1, but history holds task "charge" there (TASK_SCHEDULED, event sequence 2)',
    ],
    [
      "of an operation",
      "OPERATION_COMPLETED",
      { operationName: "price", result: 1 },
      (ctx) => ctx.run("tax", () => 1),
      'asked to run operation "tax" as its operation 1, but history holds operation "price" there',
    ],
    [
      "of a state key",
      "STATE_SET",
      { key: "status", value: 1 },
      (ctx) => ctx.set("state", 1),
      'asked to set state key "state" as its call 1, but history holds a set of state key "status" there',
    ],
    [
      "of a state call",
      "STATE_SET",
      { key: "status", value: 1 },
      (ctx) => ctx.clear("status"),
      'asked to clear state key "status" as its call 1, but history holds a set of state key "status" there',
    ],
    [
      "of a timer",
      "TIMER_STARTED",
      { timerId: "sleep-1", durationMs: 1 },
      (ctx) => ctx.sleep(1),
      'asked to start timer "timer-0" as its call 1, but history holds timer "sleep-1" there',
    ],
    [
      "of a promise",
      "PROMISE_CREATED",
      { promiseName: "approval", promiseId: "p" },
      (ctx) => ctx.promise("payment"),
      'asked to create promise "payment" as its call 1, but history holds promise "approval" there',
    ],
    [
      "of the name of a child workflow",
      "CHILD_WORKFLOW_INITIATED",
      { childExecutionName: "first", childWorkflowKind: "echo" },
      (ctx) => ctx.scheduleWorkflow("echo", null, { name: "second" }),
      'asked to schedule child workflow "second" of kind "echo" as its call 1, but history holds child workflow "first" of kind "echo" there',
    ],
    [
      "of the kind of a child workflow",
      "CHILD_WORKFLOW_INITIATED",
      { childExecutionName: "first", childWorkflowKind: "echo" },
      (ctx) => ctx.scheduleWorkflow("shout", null, { name: "first" }),
      'asked to schedule child workflow "first" of kind "shout" as its call 1',
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

  test("is that code asks for less than history holds", async () => {
    const simulated = new SimulatedWorkflow();
    for (const id of ["one", "two"]) simulated.append("TASK_SCHEDULED", { taskExecutionId: id, kind: "add" });
    for (const id of ["one", "two"]) simulated.append("TASK_COMPLETED", { taskExecutionId: id, output: id });
    const texts: [Run, string][] = [
      [(ctx) => ctx.schedule("add"), "returned"],
      [(ctx) => ctx.schedule("add").then(() => ctx.waitForSignal("s")), "asked for nothing more"],
      [(ctx) => ctx.schedule("add").then(() => Promise.reject(new Error("no"))), 'failed with "no"'],
    ];
    for (const [run, text] of texts) {
      expect(errorOf(await activate(run, simulated))).toBe(
        `Determinism violation: the workflow code ${text}, but history holds task "add" next (TASK_SCHEDULED, event sequence 3)`,
      );
    }
  });

  test("is that code asks for a call of another type than history holds in its place", async () => {
    const calls: Record<string, (ctx: Parameters<Run>[0]) => unknown> = {
      task: (ctx) => ctx.schedule("t", 1),
      timer: (ctx) => ctx.sleep("1s"),
      promise: (ctx) => ctx.promise("p"),
      child: (ctx) => ctx.scheduleWorkflow("c", 1, { name: "c" }),
      state: (ctx) => ctx.set("k", 1),
    };
    const run = (types: string[]): Run => {
      return async (ctx) => {
        for (const type of types) void calls[type]?.(ctx);
        await ctx.waitForSignal("go");
      };
    };
    const types = fc.shuffledSubarray(Object.keys(calls), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(types, types, async (before, after) => {
        const simulated = new SimulatedWorkflow();
        await step(simulated, run(before));
        const { outcome } = await activate(run(after), simulated);
        const same = before.every((type, index) => type === after[index]);
        expect(outcome.status).toBe(same ? "SUSPENDED" : "FAILED");
      }),
      { numRuns: 200 },
    );
  });

  test("is that two calls of one kind have swapped their inputs, for tasks and children", async () => {
    const runs: ((inputs: unknown[]) => Run)[] = [
      (inputs) => (ctx) => Promise.all(inputs.map((input) => ctx.schedule("charge", input))),
      (inputs) => (ctx) => Promise.all(inputs.map((input) => ctx.scheduleWorkflow("charge", input))),
    ];
    for (const run of runs) {
      const simulated = new SimulatedWorkflow();
      await step(simulated, run([{ order: 1 }, { order: 2 }]));
      expect(errorOf(await activate(run([{ order: 2 }, { order: 1 }]), simulated))).toMatch(
        /with an input of hash [0-9a-f]{12} as its call 1, but history holds .* with an input of hash [0-9a-f]{12} there/,
      );
    }
  });

  test("is not an input that holds the time of the activation, or its members in another order", async () => {
    const simulated = new SimulatedWorkflow();
    const run = (input: object): Run => {
      return (ctx) => Promise.all([ctx.schedule("a", input), ctx.schedule("b", { at: ctx.now() })]);
    };
    await step(simulated, run({ x: 1, y: [{ z: 2, w: 3 }] }));
    const result = await activate(run({ y: [{ w: 3, z: 2 }], x: 1 }), simulated, { timeMillis: 7 });
    expect(result.outcome.status).toBe("SUSPENDED");
  });
});

function errorOf({ outcome }: ActivationResult): string {
  return outcome.status === "FAILED" ? outcome.error : outcome.status;
}
