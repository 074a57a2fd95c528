/**
 * Goal: the test server does what the real one does, in no time.
 * Approach: workflows that use every call run in it; what they get and what their histories hold is compared.
 */
import { describe, expect, test } from "vitest";
import { task } from "../definitions/task.js";
import { workflow } from "../definitions/workflow.js";
import { NonRetryableError, type TaskAbortedError } from "../errors.js";
import { TestServer } from "./test-server.js";

const day = 86_400_000;

const flaky = task({
  name: "flaky",
  retry: { maxRetries: 3, strategy: "exponential", base: "1h", multiplier: 2, max: "1d", jitter: 0 },
  run(ctx, failures: number) {
    ctx.reportProgress(ctx.attempt / 10);
    if (ctx.attempt <= failures) throw new Error(`attempt ${ctx.attempt}`);
    return ctx.attempt;
  },
});

const tryIt = workflow({ name: "try", run: (ctx, failures: number) => ctx.schedule(flaky, failures) });

const reminder = workflow({
  name: "reminder",
  async run(ctx, days: number) {
    for (let n = 0; n < days; n++) await ctx.sleep("30d");
    return ctx.now();
  },
});

const approval = workflow({
  name: "approval",
  async run(ctx, key: string) {
    ctx.set("stage", "waiting");
    const approved = ctx.promise<{ by: string }>("approved", { timeout: "7d", idempotencyKey: key });
    return approved.catch((error: Error) => `${error.name}: ${error.message}`);
  },
});

const chat = workflow({
  name: "chat",
  async run(ctx) {
    const early = ctx.drainSignals("say");
    const late = await ctx.withTimeout(ctx.waitForSignal("say"), "1h").catch((error: Error) => error.name);
    return { early, late, next: await ctx.waitForSignal("say") };
  },
});

const parent = workflow({
  name: "parent",
  async run(ctx) {
    const good = ctx.scheduleWorkflow(tryIt, 1);
    const bad = ctx.scheduleWorkflow(tryIt, 9, { name: "bad" });
    const endless = ctx.scheduleWorkflow(chat);
    const failure = await bad.catch((error: Error) => error.message);
    endless.cancel("enough");
    return [await good, failure, await endless.catch((error: Error) => error.message)];
  },
});

const createServer = () =>
  new TestServer({
    workflows: [tryIt, reminder, approval, chat, parent],
    tasks: [flaky],
    startTime: 0,
    stuckAfter: 50,
  });

describe("time in a test server", () => {
  test("jumps over sleeps, in one activation for each", async () => {
    const server = createServer();
    const handle = await server.start(reminder, 12);
    expect(await handle.result()).toBe(12 * 30 * day);
    expect(server.now()).toBe(12 * 30 * day);
    expect(handle.history().map(({ type }) => type)).toEqual([
      "WORKFLOW_STARTED",
      ...Array.from({ length: 12 }, () => ["TIMER_STARTED", "TIMER_FIRED"]).flat(),
      "WORKFLOW_COMPLETED",
    ]);
  });

  test("does not move while nobody waits, save by hand", async () => {
    const server = createServer();
    const handle = await server.start(reminder, 2);
    await server.idle();
    expect([handle.status(), server.now()]).toEqual(["WAITING", 0]);
    await server.advance("30d");
    expect(handle.history().filter(({ type }) => type === "TIMER_FIRED")).toHaveLength(1);
    await server.advance("29d");
    expect([handle.status(), server.now()]).toEqual(["WAITING", 59 * day]);
    await server.advance("1d");
    expect([handle.status(), server.now()]).toEqual(["COMPLETED", 60 * day]);
  });

  test("ends a wait for a result", async () => {
    const server = createServer();
    const handle = await server.start(reminder, 2);
    await expect(handle.result({ timeout: "31d" })).rejects.toMatchObject({ name: "ResultTimeoutError" });
    expect(server.now()).toBe(31 * day);
    expect(await handle.result()).toBe(60 * day);
  });

  test("goes on in all workflows together", async () => {
    const server = createServer();
    const [first, second] = [await server.start(reminder, 3), await server.start(reminder, 2)];
    expect(await Promise.all([first.result(), second.result()])).toEqual([90 * day, 60 * day]);
  });
});

describe("a task in a test server", () => {
  test("is tried again after its back-off", async () => {
    const server = createServer();
    const handle = await server.start(tryIt, 2);
    expect(await handle.result()).toBe(3);
    expect(server.now()).toBe(3 * 3_600_000);
    expect(handle.tasks()).toMatchObject([{ kind: "flaky", status: "COMPLETED", attempts: 3, input: 2 }]);
    expect(handle.tasks()[0]?.recorded.progress.map(({ progress }) => progress)).toEqual([0.1, 0.2, 0.3]);
  });

  test("fails when no attempt is left, or none would help", async () => {
    const server = createServer();
    await expect((await server.start(tryIt, 9)).result()).rejects.toThrow('Task "flaky" failed: attempt 4');
    server.registerTask(
      task({
        name: "flaky",
        run() {
          throw new NonRetryableError("never");
        },
      }),
    );
    const handle = await server.start(tryIt, 9);
    await expect(handle.result()).rejects.toThrow('Task "flaky" failed: never');
    expect(handle.tasks()).toMatchObject([{ status: "FAILED", attempts: 1 }]);
  });

  test("fails at its deadline, which aborts it", async () => {
    let reason: TaskAbortedError | undefined;
    const hanging = task({
      name: "hanging",
      timeout: "5m",
      run: (ctx) =>
        new Promise<never>((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            reason = ctx.signal.reason;
            reject(ctx.signal.reason);
          });
        }),
    });
    const server = new TestServer({
      workflows: [workflow({ name: "hang", run: (ctx) => ctx.schedule(hanging) })],
      tasks: [hanging],
    });
    const handle = await server.start("hang");
    await server.advance("4m");
    expect(handle.tasks()).toMatchObject([{ status: "RUNNING" }]);
    await server.advance("1m");
    await expect(handle.result()).rejects.toThrow('Task "hanging" failed: Task timed out');
    expect(reason?.abortCause).toBe("timeout");
  });

  test("that nobody registered says so", async () => {
    const server = new TestServer({ workflows: [tryIt] });
    await expect((await server.start(tryIt, 0)).result()).rejects.toThrow(
      'no task "flaky" is registered with the test server',
    );
    await expect((await server.start("nobody")).result()).rejects.toThrow(
      'no workflow "nobody" is registered with the test server',
    );
  });

  test("keeps its state from attempt to attempt, and runs for real", async () => {
    const counting = task({
      name: "counting",
      async run(ctx) {
        await new Promise((resolve) => setImmediate(resolve));
        const count = ((await ctx.get<number>("count")) ?? 0) + 1;
        await ctx.set("count", count);
        if (count < 3) throw new Error("again");
        return [count, await ctx.keys()];
      },
    });
    const server = new TestServer({
      workflows: [workflow({ name: "count", run: (ctx) => ctx.schedule(counting) })],
      tasks: [counting],
    });
    expect(await (await server.start("count")).result()).toEqual([3, ["count"]]);
  });
});

describe("a promise in a test server", () => {
  test("is resolved or rejected by name, key or id, once", async () => {
    const server = createServer();
    const handles = await Promise.all(["a", "b", "c"].map((key) => server.start(approval, key)));
    await server.idle();
    const [first, , third] = handles as [(typeof handles)[0], unknown, (typeof handles)[0]];
    const created = third.history().find(({ type }) => type === "PROMISE_CREATED");
    await server.resolvePromise({ workflowId: first.id, name: "approved" }, { by: "Ann" });
    await server.rejectPromise({ key: "b" }, new Error("too dear"));
    await server.resolvePromise(String(created?.data.promiseId), { by: "Cid" });
    expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual([
      { by: "Ann" },
      "PromiseRejectedError: too dear",
      { by: "Cid" },
    ]);
    await server.resolvePromise({ workflowId: first.id, name: "approved" }, { by: "Ann" });
    await expect(server.rejectPromise({ key: "a" }, "no")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    await expect(server.resolvePromise({ key: "z" })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(server.resolvePromise({ workflowId: first.id, name: "z" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("times out", async () => {
    const server = createServer();
    expect(await (await server.start(approval, "k")).result()).toBe(
      'PromiseTimeoutError: Promise "approved" timed out',
    );
    expect(server.now()).toBe(7 * day);
  });

  test("may be resolved by its workflow", async () => {
    const own = workflow({
      name: "own",
      run(ctx) {
        const promise = ctx.promise("answer");
        ctx.resolvePromise("answer", 42);
        return promise;
      },
    });
    const handle = await new TestServer({ workflows: [own] }).start(own);
    expect(await handle.result()).toBe(42);
    expect(handle.history().map(({ type }) => type)).toContain("PROMISE_RESOLVED");
  });
});

describe("signals in a test server", () => {
  test("arrive with the start, while it waits, and once for each id", async () => {
    const server = createServer();
    const say = (value: string, signalId?: string) => ({
      workflowId: "talk",
      signal: { name: "say", value, ...(signalId === undefined ? {} : { signalId }) },
    });
    const handle = await server.signalWithStart(chat, undefined, say("first", "s1"));
    expect(handle.isNew).toBe(true);
    expect((await server.signalWithStart(chat, undefined, say("first", "s1"))).isNew).toBe(false);
    await server.idle();
    await handle.signal("say", "second");
    expect(await handle.signal("say", "third", { signalId: "s3" })).toMatchObject({ duplicate: false });
    expect(await handle.signal("say", "third", { signalId: "s3" })).toMatchObject({ duplicate: true });
    expect(await handle.result()).toEqual({ early: ["first"], late: "second", next: "third" });
    await expect(handle.signal("say")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect((await server.signalWithStart(chat, undefined, say("again"))).isNew).toBe(true);
  });

  test("that never come are told instead of waited for", async () => {
    const server = createServer();
    const handle = await server.start(chat);
    await expect(handle.result()).rejects.toThrow(/"chat" .* waits for a signal, and nothing brings that any more/);
    await handle.signal("say", "after all");
    expect(await handle.result()).toEqual({ early: [], late: "TimeoutError", next: "after all" });
    const asking = await server.start(approval, "k");
    await server.idle();
    expect(await asking.query("stage")).toBe("waiting");
    expect(await asking.query("__state")).toEqual({ stage: "waiting" });
    await expect(asking.query("other")).rejects.toThrow("the workflow has no state under other");
  });

  test("may come while a result is waited for", async () => {
    const two = workflow({
      name: "two",
      run: async (ctx) => [await ctx.waitForSignal("say"), await ctx.waitForSignal("say")],
    });
    const server = new TestServer({ workflows: [two] });
    const handle = await server.start(two);
    const result = handle.result();
    await server.idle();
    await handle.signal("say", 1);
    await server.idle();
    await handle.signal("say", 2);
    expect(await result).toEqual([1, 2]);
  });
});

describe("children in a test server", () => {
  test("complete, fail and are cancelled", async () => {
    const server = createServer();
    const handle = await server.start(parent);
    expect(await handle.result()).toEqual([
      2,
      'Child workflow "bad" failed: Task "flaky" failed: attempt 4',
      'Child workflow "chat-3" failed: Child workflow cancelled: enough',
    ]);
    expect(handle.child("chat-3").status()).toBe("CANCELLED");
    expect(() => handle.child("other")).toThrow('has no child "other"');
    expect(handle.history().filter(({ type }) => type.startsWith("CHILD_WORKFLOW"))).toHaveLength(6);
  });

  test("are cancelled with their parent, and so are their tasks", async () => {
    const server = createServer();
    const handle = await server.start(parent);
    await server.idle();
    const [bad, chatting] = [handle.child("bad"), handle.child("chat-3")];
    expect(await handle.cancel("not wanted")).toBe(true);
    expect(await handle.cancel()).toBe(false);
    await expect(handle.result()).rejects.toThrow("the workflow was cancelled: not wanted");
    expect([bad.status(), chatting.status()]).toEqual(["CANCELLED", "CANCELLED"]);
    expect(bad.tasks()).toMatchObject([{ status: "CANCELLED" }]);
  });

  test("go on without their parent when they are told to", async () => {
    const server = createServer();
    const handle = await server.start(parent);
    await server.idle();
    await handle.cancel("", { cascadeToChildren: false });
    expect(await handle.child("try-1").result()).toBe(2);
  });
});

describe("a start in a test server", () => {
  test("gives the workflow that holds the key, unless that failed", async () => {
    const server = createServer();
    const first = await server.start(reminder, 1, { idempotencyKey: "k" });
    const second = await server.start(reminder, 1, { idempotencyKey: "k" });
    expect([second.id, second.isNew]).toEqual([first.id, false]);
    await first.cancel();
    const third = await server.start(reminder, 1, { idempotencyKey: "k", idempotencyKeyTtl: "1h" });
    expect(third.isNew).toBe(true);
    await server.advance("1h");
    expect((await server.start(reminder, 1, { idempotencyKey: "k" })).isNew).toBe(true);
    expect(() => server.getHandle("0192f0c1-2f6e-7c7a-9a3b-00000000dead")).toThrow("there is no such workflow");
  });

  test("fails a workflow that asks for what the server refuses", async () => {
    const server = createServer();
    await (await server.start(approval, "k")).signal("any");
    await server.idle();
    await expect((await server.start(approval, "k")).result()).rejects.toThrow(
      "The server refused what the workflow asked for: create_promise.idempotency_key: is held by something else",
    );
  });
});
