import { describe, expect, test } from "vitest";
import { activate, executionId, firstId, output, type Run } from "../../test/activate.js";
import { SimulatedWorkflow } from "../../test/simulated-workflow.js";
import { task } from "../definitions/task.js";
import { type Logger, silentLogger } from "../logger.js";

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
    expect(result.outcome).toEqual({ status: "SUSPENDED", waitsFor: "task" });
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
