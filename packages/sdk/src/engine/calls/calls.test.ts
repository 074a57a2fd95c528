import { describe, expect, test } from "vitest";
import { activate, firstId, output, type Run, secondId, step } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { OperationFailedError, TaskFailedError } from "../../errors.js";

describe("scheduled tasks", () => {
  test("go on with the recorded result, under the id in history", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.append("TASK_SCHEDULED", { taskExecutionId: "another-id", kind: "add" });
    simulated.append("TASK_COMPLETED", { taskExecutionId: "another-id", output: { sum: 3 } });
    const result = await activate(async (ctx) => {
      const sum = await ctx.schedule("add");
      void ctx.schedule("next");
      return sum;
    }, simulated);
    expect(output(result)).toEqual({ sum: 3 });
    // The first id was taken for the known call.
    expect(result.commands).toMatchObject([{ type: "SCHEDULE_TASK", kind: "next", taskId: secondId }]);
  });

  test("reject with the recorded failure", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => ctx.schedule("add").catch((error: unknown) => error instanceof TaskFailedError && error);
    await step(simulated, run);
    simulated.failTask(firstId, "out of paper");
    expect(output(await activate(run, simulated))).toMatchObject({
      taskId: firstId,
      kind: "add",
      failure: "out of paper",
    });
  });

  test("race in the order of history, whatever order the code awaits them in", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => {
      const [first, second] = [ctx.schedule("a"), ctx.schedule("b")];
      return Promise.race([second, first]);
    };
    await step(simulated, run);
    simulated.completeTask(firstId, "a");
    simulated.completeTask(secondId, "b");
    expect(output(await activate(run, simulated))).toBe("a");
  });

  test("fail the workflow when their input has no JSON form, even if code catches it", async () => {
    const result = await activate((ctx) => ctx.schedule("add", 1n).catch(() => "caught"));
    expect(result.outcome).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining('the input of task "add" cannot be written as JSON'),
    });
  });

  test("refuse bad options before they take a position", async () => {
    const result = await activate(async (ctx) => {
      const error = await ctx.schedule("add", 1, { timeout: "soon" }).catch((caught: Error) => caught.message);
      void ctx.schedule("add");
      return error;
    });
    expect(output(result)).toContain('ctx.schedule("add"): timeout: "soon" is not a duration');
    expect(result.commands).toMatchObject([{ taskId: firstId }]);
  });
});

describe("operations", () => {
  test("run once, and give now what they will give on replay", async () => {
    const simulated = new SimulatedWorkflow();
    let runs = 0;
    const run: Run = async (ctx) => {
      const made = await ctx.run("make", async () => ({ count: ++runs, at: new Date(0), gone: undefined }));
      await ctx.schedule("use", made);
      return made;
    };
    await step(simulated, run);
    const expected = { count: 1, at: "1970-01-01T00:00:00.000Z" };
    expect(simulated.waits[0]?.input).toEqual(expected);
    simulated.completeTask(firstId, null);
    expect(output(await activate(run, simulated))).toEqual(expected);
    expect(runs).toBe(1);
  });

  test("keep a failure, so that replay sees the same one", async () => {
    const simulated = new SimulatedWorkflow();
    let runs = 0;
    const run: Run = async (ctx) => {
      const error = await ctx
        .run("read", () => {
          runs += 1;
          throw new RangeError("no such row");
        })
        .catch((caught: unknown) => caught);
      if (!(error instanceof OperationFailedError)) throw new Error("expected an OperationFailedError");
      await ctx.schedule("next");
      return [error.operation, error.errorName, error.message];
    };
    await step(simulated, run);
    simulated.completeTask(firstId, null);
    expect(output(await activate(run, simulated))).toEqual(["read", "RangeError", "no such row"]);
    expect(runs).toBe(1);
  });

  test("settle in the order in which they end, on a replay too", async () => {
    const simulated = new SimulatedWorkflow();
    const begun: string[] = [];
    const turns = async (name: string, count: number) => {
      begun.push(name);
      for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
      return count;
    };
    const run: Run = async (ctx) => {
      const order: number[] = [];
      // One name: a replay must not mix up their results.
      const ends = [3, 0, 2].map(async (count) => order.push(await ctx.run("read", () => turns("read", count))));
      await Promise.all(ends);
      await ctx.waitForSignal("go");
      return order;
    };
    await step(simulated, run);
    simulated.signal("go", null);
    expect(output(await activate(run, simulated))).toEqual([0, 2, 3]);
    expect(begun).toHaveLength(3);
  });

  test("begin when the function ends without awaiting them", async () => {
    let begun = false;
    await activate((ctx) => {
      void ctx.run("left", () => {
        begun = true;
      });
    });
    expect(begun).toBe(true);
  });

  test("must not use ctx", async () => {
    const result = await activate(async (ctx) => {
      await ctx.run("outer", () => ctx.schedule("inner"));
    });
    expect(result.outcome).toMatchObject({
      status: "FAILED",
      error: 'ctx.schedule was called inside ctx.run("outer"); call it before or after',
    });
  });
});

describe("state", () => {
  test("is what the code has set so far, as copies", async () => {
    const result = await activate((ctx) => {
      const before = ctx.get("cart");
      ctx.set("cart", { items: ["a"] });
      ctx.set("note", undefined);
      ctx.set("gone", 1);
      ctx.clear("gone");
      ctx.get<{ items: string[] }>("cart")?.items.push("lost");
      return [before, ctx.get("cart"), ctx.get("note"), ctx.get("gone"), ctx.keys()];
    });
    expect(output(result)).toEqual([null, { items: ["a"] }, null, null, ["cart", "note"]]);
  });

  test("comes from history on replay, sets and clears counted together", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.append("STATE_SET", { key: "a", value: "kept" });
    simulated.append("STATE_CLEARED", { key: "b" });
    const result = await activate((ctx) => {
      ctx.set("a", "ignored");
      ctx.clear("b");
      ctx.set("c", 3);
      return [ctx.get("a"), ctx.get("c")];
    }, simulated);
    expect(output(result)).toEqual(["kept", 3]);
    expect(result.commands).toMatchObject([{ type: "SET_STATE", key: "c" }]);
  });
});
