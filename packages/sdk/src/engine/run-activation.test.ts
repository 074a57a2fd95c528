import { describe, expect, test } from "vitest";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import { task } from "../definitions/task.js";
import { type WorkflowOptions, workflow } from "../definitions/workflow.js";
import { OperationFailedError, TaskFailedError } from "../errors.js";
import { decodeJson } from "../json.js";
import { type Logger, silentLogger } from "../logger.js";
import { type ActivationOptions, type ActivationResult, runActivation } from "./run-activation.js";

const executionId = "0192f0c1-2f6e-7c7a-9a3b-0d5b6a7c8d9e";
/** Version 5 UUIDs of `<executionId>:0` and `<executionId>:1` in the namespace of the execution, made by another program. */
const firstId = "87121f31-cc4b-575f-9019-3ffcd1f44c33";
const secondId = "276aa4f1-1416-53e0-8710-89de808038b5";

type Run = WorkflowOptions<unknown, unknown>["run"];

function activate(
  run: Run,
  simulated = new SimulatedWorkflow(),
  options: Partial<ActivationOptions> & { timeMillis?: number } = {},
): Promise<ActivationResult> {
  const { timeMillis = 1_750_000_000_000, ...rest } = options;
  const input = Buffer.from(JSON.stringify({ n: 1 }));
  const activation = { executionId, input, timeMillis, history: simulated.history() };
  return runActivation(workflow({ name: "tested", run }), activation, { log: silentLogger, ...rest });
}

/** Activates, submits, and gives the result of the activation. */
async function step(simulated: SimulatedWorkflow, run: Run): Promise<ActivationResult> {
  const result = await activate(run, simulated);
  simulated.submit(result);
  return result;
}

describe("an activation", () => {
  test("gives new calls as commands in program order and suspends", async () => {
    const charge = task({
      name: "charge",
      timeout: "1m",
      retry: { maxRetries: 5, strategy: "fixed", base: "2s" },
      run: () => null,
    });
    const result = await activate(async (ctx) => {
      ctx.set("status", "new");
      await ctx.run("price", () => 7);
      ctx.clear("status");
      await ctx.schedule(charge, undefined, {
        queue: "pay",
        priority: 3,
        idempotencyKey: "k",
        idempotencyKeyTtl: "1h",
      });
    });
    expect(result.outcome).toEqual({ status: "SUSPENDED" });
    expect(result.seenSequence).toBe(1);
    expect(result.commands).toEqual([
      { type: "SET_STATE", key: "status", value: Buffer.from('"new"') },
      { type: "RECORD_OPERATION", name: "price", result: Buffer.from("7") },
      { type: "CLEAR_STATE", key: "status" },
      {
        type: "SCHEDULE_TASK",
        taskId: firstId,
        kind: "charge",
        input: Buffer.from("null"),
        queue: "pay",
        prioritySeconds: 3,
        timeoutMs: 60_000,
        maxRetries: 5,
        retryPolicy: '{"strategy":"fixed","baseMs":2000}',
        idempotencyKey: "k",
        idempotencyKeyTtlSeconds: 3600,
      },
    ]);
  });

  test("completes with the output, undefined as null", async () => {
    const result = await activate(() => undefined);
    expect(result.outcome).toEqual({ status: "COMPLETED", output: Buffer.from("null") });
  });

  test("fails with the text of the error, and keeps what was asked for before", async () => {
    const result = await activate((ctx) => {
      ctx.set("reached", true);
      throw new Error("no stock");
    });
    expect(result.outcome).toMatchObject({ status: "FAILED", error: "no stock" });
    expect(result.outcome).toMatchObject({ stackTrace: expect.stringContaining("run-activation.test.ts") });
    expect(result.commands).toHaveLength(1);
  });

  test("gives code the input, parsed", async () => {
    const result = await activate((ctx, input) => [input, ctx.input, ctx.executionId]);
    expect(output(result)).toEqual([{ n: 1 }, { n: 1 }, executionId]);
  });

  test("fails when code awaits what nothing can settle, instead of waiting for ever", async () => {
    const result = await activate(() => new Promise((resolve) => setTimeout(resolve, 1)));
    expect(result.outcome).toMatchObject({ status: "FAILED", error: expect.stringContaining("ctx.run") });
  });

  test("rejects a history that cannot be read", async () => {
    const simulated = new SimulatedWorkflow();
    simulated.events.push({ sequence: 2, type: "TASK_SCHEDULED", data: Buffer.from("{") });
    await expect(activate(() => null, simulated)).rejects.toThrow("event 2 (TASK_SCHEDULED) does not hold JSON");
  });

  test("is abandoned when its signal is aborted while an operation runs", async () => {
    const abort = new AbortController();
    const result = await activate(
      async (ctx) => {
        await ctx.run("endless", () => {
          abort.abort();
          return new Promise(() => {});
        });
      },
      undefined,
      { signal: abort.signal },
    );
    expect(result.outcome).toEqual({ status: "ABANDONED" });
  });
});

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
    expect(simulated.tasks[0]?.input).toEqual(expected);
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

  test("settle in the order of their calls, however long they take", async () => {
    const turns = async (count: number) => {
      for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
    };
    const result = await activate(async (ctx) => {
      const order: string[] = [];
      const slow = ctx.run("slow", () => turns(3)).then(() => order.push("slow"));
      const fast = ctx.run("fast", () => turns(0)).then(() => order.push("fast"));
      await Promise.all([fast, slow]);
      return order;
    });
    expect(output(result)).toEqual(["slow", "fast"]);
    expect(result.commands).toMatchObject([{ name: "slow" }, { name: "fast" }]);
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

describe("what looks like chance", () => {
  test("is the same in every activation, and time is that of the activation", async () => {
    const run: Run = (ctx) => [ctx.randomUUID(), ctx.random(), ctx.random(), ctx.now(), ctx.currentTime()];
    const [first, second] = [output(await activate(run)), output(await activate(run, undefined, { timeMillis: 5 }))];
    expect(first).toEqual([
      firstId,
      expect.any(Number),
      expect.any(Number),
      1_750_000_000_000,
      "2025-06-15T15:06:40.000Z",
    ]);
    expect(second).toEqual([...(first as unknown[]).slice(0, 3), 5, "1970-01-01T00:00:00.005Z"]);
    const [a, b] = (first as number[]).slice(1, 3);
    expect(a).not.toBe(b);
  });
});

describe("log lines", () => {
  test("are left out while the function repeats itself", async () => {
    const lines: string[] = [];
    const log: Logger = { ...silentLogger, info: (message) => lines.push(message) };
    const simulated = new SimulatedWorkflow();
    const run: Run = async (ctx) => {
      ctx.log.info("before");
      await ctx.schedule("add");
      ctx.log.info("after");
    };
    simulated.submit(await activate(run, simulated, { log }));
    simulated.completeTask(firstId, null);
    await activate(run, simulated, { log });
    expect(lines).toEqual(["before", "after"]);
  });
});

describe("after the activation", () => {
  test("code that goes on has no effect", async () => {
    let late: unknown;
    const ended = new Promise<void>((resolve) => {
      void activate(async (ctx) => {
        void ctx.schedule("outstanding");
        await new Promise((timer) => setImmediate(() => setImmediate(timer)));
        try {
          ctx.set("late", 1);
        } catch (error) {
          late = error;
        }
        resolve();
      });
    });
    await ended;
    expect(String(late)).toContain("ctx.set was called after the activation ended");
  });
});

function output(result: ActivationResult): unknown {
  if (result.outcome.status !== "COMPLETED") throw new Error(`the activation is ${JSON.stringify(result.outcome)}`);
  return decodeJson(result.outcome.output);
}
