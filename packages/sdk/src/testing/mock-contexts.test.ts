import { describe, expect, test } from "vitest";
import { task } from "../definitions/task.js";
import { workflow } from "../definitions/workflow.js";
import { PromiseTimeoutError } from "../errors.js";
import { createMockTaskContext } from "./mock-task-context.js";
import { createMockWorkflowContext, type MockWorkflowOptions } from "./mock-workflow-context.js";

describe("a mocked task context", () => {
  test("keeps what the function tells, and its state", async () => {
    const copy = task({
      name: "copy",
      async run(ctx, file: string) {
        ctx.reportProgress(0.5, "half way");
        ctx.stream.token("a");
        ctx.stream.data({ file });
        ctx.stream.progress(2);
        ctx.log.info("copying", { file });
        await ctx.heartbeat();
        await ctx.set("rows", ((await ctx.get<number>("rows")) ?? 0) + 1);
        return { attempt: ctx.attempt, rows: await ctx.get("rows"), keys: await ctx.keys() };
      },
    });
    const ctx = createMockTaskContext({ attempt: 2, state: { rows: 6 } });
    expect(await copy.run(ctx, "x")).toEqual({ attempt: 2, rows: 7, keys: ["rows"] });
    expect(ctx.recorded).toMatchObject({
      progress: [{ progress: 0.5, details: "half way" }],
      streamed: [
        { type: "token", text: "a" },
        { type: "data", data: { file: "x" } },
      ],
      lines: [{ level: "warn" }, { level: "info", message: "copying", fields: { file: "x" } }],
      heartbeats: 1,
    });
    await ctx.clearAll();
    expect(await ctx.get("rows")).toBe(null);
    expect(() => ctx.reportProgress(2)).toThrow("progress: must be a number from 0 to 1");
  });

  test("can be aborted", () => {
    const ctx = createMockTaskContext();
    expect(ctx.signal.aborted).toBe(false);
    ctx.abort("timeout");
    expect(ctx.signal.reason).toMatchObject({ name: "TaskAbortedError", abortCause: "timeout" });
  });
});

describe("a mocked workflow context", () => {
  const charge = task({ name: "charge", run: (_ctx, cents: number) => ({ receipt: `${cents}` }) });
  const order = workflow({
    name: "order",
    async run(ctx, cents: number) {
      const id = await ctx.run("id", () => "from outside");
      const paid = await ctx.schedule(charge, cents).catch((error: Error) => error.message);
      ctx.set("paid", paid);
      await ctx.sleep("30d");
      const shipped = await ctx.scheduleWorkflow("ship", { id }).catch((error: Error) => error.message);
      return [id, ctx.get("paid"), shipped, ctx.now()];
    },
  });

  test("gives scripted results, keeps the calls, and lets no time pass", async () => {
    const ctx = createMockWorkflowContext({
      startTime: 1000,
      tasks: { charge: (cents: number, call: number) => ({ cents, call }) },
      workflows: { ship: new Error("no ship") },
    });
    expect(await order.run(ctx, 5)).toEqual([
      "from outside",
      { cents: 5, call: 1 },
      'Child workflow "ship-1" failed: no ship',
      1000 + 30 * 86_400_000,
    ]);
    expect(ctx.calls).toEqual([
      { call: "run", name: "id" },
      { call: "schedule", kind: "charge", input: 5, options: undefined },
      { call: "set", key: "paid", value: { cents: 5, call: 1 } },
      { call: "sleep", durationMs: 30 * 86_400_000 },
      { call: "scheduleWorkflow", kind: "ship", input: { id: "from outside" }, options: {} },
    ]);
  });

  test("says which result is missing", async () => {
    await expect(order.run(createMockWorkflowContext(), 5)).resolves.toEqual([
      "from outside",
      'no result is scripted for "charge"; give tasks: { "charge": … } to the mock',
      'no result is scripted for "ship"; give workflows: { "ship": … } to the mock',
      expect.any(Number),
    ]);
  });

  function run<Result>(
    options: MockWorkflowOptions,
    fn: (ctx: ReturnType<typeof createMockWorkflowContext>) => Promise<Result>,
  ): Promise<Result> {
    return fn(createMockWorkflowContext(options));
  }

  test("rejects as the real one does", async () => {
    const timeout = new PromiseTimeoutError({ name: "late", id: "1" });
    const options = { tasks: { a: new Error("x") }, operations: { b: new RangeError("y") }, promises: { c: timeout } };
    const errors = await run(options, (ctx) =>
      Promise.all([
        ctx.schedule("a").catch(String),
        ctx.run("b", () => 1).catch(String),
        ctx.promise("c").catch(String),
      ]),
    );
    expect(errors).toEqual([
      'TaskFailedError: Task "a" failed: x',
      "OperationFailedError: y",
      'PromiseTimeoutError: Promise "late" timed out',
    ]);
  });

  test("has signals, promises and limits of time", async () => {
    const result = await run({ signals: { say: [1, 2] }, promises: { approved: true } }, async (ctx) => {
      const [first, rest] = [await ctx.waitForSignal("say"), ctx.drainSignals("say")];
      const late = await ctx.withTimeout(ctx.waitForSignal("say"), "1h").catch(String);
      const next = ctx.waitForSignal("say");
      ctx.sendSignal("say", 3);
      const open = ctx.promise("own");
      ctx.resolvePromise("own", "done");
      const quick = await ctx.withTimeout(ctx.promise("approved"), "1h");
      const race = Promise.race([ctx.sleep("2h").then(() => "2h"), ctx.sleep("1h").then(() => "1h")]);
      return [first, rest, late, await next, ctx.hasSignal("say"), await open, quick, await race];
    });
    expect(result).toEqual([1, [2], "TimeoutError: nothing came within 3600000 ms", 3, false, "done", true, "1h"]);
  });

  test("can be cancelled, and cancels", async () => {
    await run({ workflows: { child: 1 } }, async (ctx) => {
      const sleep = ctx.sleep("1h");
      sleep.cancel();
      await expect(sleep).rejects.toThrow('Timer "timer-0" was cancelled');
      const child = ctx.scheduleWorkflow("child", null, { name: "first" });
      child.cancel("late");
      ctx.cancelWorkflow(child.id);
      expect(ctx.calls.slice(-2)).toEqual([
        { call: "cancelWorkflow", id: child.id, reason: "late" },
        { call: "cancelWorkflow", id: child.id, reason: "" },
      ]);
      ctx.checkCancellation();
      ctx.requestCancellation("not wanted");
      expect(() => ctx.checkCancellation()).toThrow("the workflow was cancelled: not wanted");
    });
  });
});
