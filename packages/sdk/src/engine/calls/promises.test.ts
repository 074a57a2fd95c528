import { describe, expect, test } from "vitest";
import { activate, output, type Run, step } from "../../../test/activate.js";
import { SimulatedWorkflow } from "../../../test/simulated-workflow.js";
import { PromiseRejectedError, PromiseTimeoutError } from "../../errors.js";

describe("a promise", () => {
  test("is created by name, and has no id before the server made one", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) =>
      ctx.promise("approval", { timeout: "1d", idempotencyKey: "order:7", idempotencyKeyTtl: "2h" });
    const first = await step(simulated, run);
    expect(first.commands).toEqual([
      {
        type: "CREATE_PROMISE",
        name: "approval",
        timeoutMs: 86_400_000,
        idempotencyKey: "order:7",
        idempotencyKeyTtlSeconds: 7200,
      },
    ]);
    expect(first.outcome).toEqual({ status: "SUSPENDED", waitsFor: "promise" });
    expect((await activate(run, simulated)).commands).toEqual([]);
    simulated.resolvePromise("approval", { by: "Ann" });
    expect(output(await activate(run, simulated))).toEqual({ by: "Ann" });
  });

  test("rejects when it is rejected or its time is up", async () => {
    const run: Run = (ctx) =>
      ctx.promise("approval").catch((error: unknown) => {
        if (!(error instanceof PromiseRejectedError || error instanceof PromiseTimeoutError)) throw error;
        return [error.name, error.message, error.promiseName, error.promiseId];
      });
    for (const [end, expected] of [
      ["rejectPromise", ["PromiseRejectedError", "too dear"]],
      ["timeOutPromise", ["PromiseTimeoutError", 'Promise "approval" timed out']],
    ] as const) {
      const simulated = new SimulatedWorkflow();
      await step(simulated, run);
      const { id } = simulated.named("promise", "approval");
      simulated[end]("approval", "too dear");
      expect(output(await activate(run, simulated))).toEqual([...expected, "approval", id]);
    }
  });

  test("pitfall 22: is found by its id, so names may repeat", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => Promise.all([ctx.promise("vote"), ctx.promise("vote")]);
    await step(simulated, run);
    const [first, second] = simulated.open;
    simulated.resolvePromise(second?.id ?? "", "no");
    simulated.resolvePromise(first?.id ?? "", "yes");
    expect(output(await activate(run, simulated))).toEqual(["yes", "no"]);
  });

  test("with options that are wrong is refused before it takes a position", async () => {
    const result = await activate(async (ctx) => {
      void ctx.promise("first", { idempotencyKey: "k" });
      const wrong = [ctx.promise(" "), ctx.promise("a", { timeout: "x" }), ctx.promise("b", { idempotencyKey: "k" })];
      return Promise.all(wrong.map((one) => one.catch(String)));
    });
    expect(output(result)).toEqual([
      "RangeError: ctx.promise: name: must not be blank",
      'RangeError: ctx.promise("a"): timeout: "x" is not a duration; write for example "30s", "5m", "1h30m", or a number of milliseconds',
      'RangeError: ctx.promise("b"): idempotencyKey: an earlier promise of this workflow has it',
    ]);
    expect(result.commands).toHaveLength(1);
  });
});

describe("resolving a promise from inside", () => {
  test("goes by name while it has no id, and reaches the code as an event", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => {
      const answer = ctx.promise("answer");
      ctx.resolvePromise("answer", 42);
      ctx.resolvePromise("answer", 43);
      return answer;
    };
    const first = await step(simulated, run);
    expect(first.outcome.status).toBe("SUSPENDED");
    expect(first.commands.slice(1)).toEqual([{ type: "RESOLVE_PROMISE", promise: "answer", value: Buffer.from("42") }]);
    const second = await activate(run, simulated);
    expect(second.commands).toEqual([]);
    expect(output(second)).toBe(42);
  });

  const decide: Run = async (ctx) => {
    const answer = ctx.promise("answer");
    await ctx.waitForSignal("decide");
    ctx.resolvePromise("answer", "by itself");
    return answer;
  };

  test("goes by id when it has one, once", async () => {
    const simulated = new SimulatedWorkflow();
    await step(simulated, decide);
    const { id } = simulated.named("promise", "answer");
    simulated.signal("decide", null);
    expect((await step(simulated, decide)).commands).toMatchObject([{ type: "RESOLVE_PROMISE", promise: id }]);
    const last = await activate(decide, simulated);
    expect(last.commands).toEqual([]);
    expect(output(last)).toBe("by itself");
  });

  test("changes nothing when somebody else was first, seen or not", async () => {
    for (const seen of [true, false]) {
      const simulated = new SimulatedWorkflow();
      await step(simulated, decide);
      simulated.signal("decide", null);
      const before = await activate(decide, simulated);
      simulated.resolvePromise("answer", "by Ann");
      const result = seen ? await activate(decide, simulated) : before;
      expect(result.commands).toHaveLength(seen ? 0 : 1);
      if (!seen) simulated.submit(result);
      expect(output(await activate(decide, simulated))).toBe("by Ann");
    }
  });

  test("takes promises of one name in the order of their calls", async () => {
    const simulated = new SimulatedWorkflow();
    const run: Run = (ctx) => {
      const votes = [ctx.promise("vote"), ctx.promise("vote")];
      ctx.resolvePromise("vote", 1);
      ctx.resolvePromise("vote", 2);
      ctx.resolvePromise("vote", 3);
      return Promise.all(votes);
    };
    await step(simulated, run);
    expect(output(await activate(run, simulated))).toEqual([1, 2]);
  });

  test("goes by an id from elsewhere until history tells the outcome", async () => {
    const simulated = new SimulatedWorkflow();
    const id = "0192f0c1-2f6e-7c7a-9a3b-00000000beef";
    const run: Run = (ctx) => {
      ctx.resolvePromise(id.toUpperCase(), true);
      return ctx.waitForSignal("go");
    };
    expect((await activate(run, simulated)).commands).toMatchObject([{ promise: id.toUpperCase() }]);
    simulated.append("PROMISE_RESOLVED", { promiseId: id, promiseName: "theirs", value: true });
    expect((await activate(run, simulated)).commands).toEqual([]);
  });

  test("says what is wrong", async () => {
    const result = await activate((ctx) => {
      void ctx.promise("answer");
      const attempt = (name: string, value: unknown) => {
        try {
          ctx.resolvePromise(name, value);
          return "no error";
        } catch (error) {
          return String(error);
        }
      };
      return [attempt("question", 1), attempt("answer", 1n)];
    });
    expect(output(result)).toEqual([
      'Error: this workflow has created no promise "question"',
      expect.stringContaining('TypeError: the value of promise "answer" cannot be written as JSON'),
    ]);
  });
});
