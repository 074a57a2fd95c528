/**
 * Goal: the worker speaks the protocol right, also when calls fail and tasks are taken away.
 * Approach: the real client over a real socket against a server in memory, whose calls a test can await and make fail.
 */
import type {
  CompleteTaskRequest,
  FailTaskRequest,
  HeartbeatRequest,
  PollRequest,
  SubmitWorkflowCommandsRequest,
  WorkerRegistrationRequest,
} from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FlovynClient,
  type FlovynClientOptions,
  NonRetryableError,
  RetryLaterError,
  silentLogger,
  type TaskAbortedError,
  TaskFailedError,
  task,
  workflow,
} from "../src/index.js";
import { FakeServer, orgId, token } from "./fake-server.js";
import { Refusal } from "./grpc-door.js";

const add = task({ name: "add", run: (_ctx, { a, b }: { a: number; b: number }) => a + b });

const sum = workflow({
  name: "sum",
  async run(ctx, input: { numbers: number[] }) {
    ctx.set("status", "adding");
    const base = await ctx.run("base", async () => 100);
    const parts = await Promise.all(input.numbers.map((n) => ctx.schedule(add, { a: n, b: 1 })));
    ctx.clear("status");
    return { total: parts.reduce((total, part) => total + part, base) };
  },
});

let server: FakeServer;
let clients: FlovynClient[];

beforeEach(async () => {
  server = new FakeServer();
  clients = [];
  await server.door.start();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  server.door.stop();
});

function createClient(options: Partial<FlovynClientOptions> = {}): FlovynClient {
  const client = new FlovynClient({
    serverUrl: server.door.url,
    orgId,
    workerToken: token,
    shutdownGrace: "5s",
    logger: silentLogger,
    ...options,
  });
  clients.push(client);
  return client;
}

describe("a worker", () => {
  test("runs a workflow with parallel tasks, an operation and state to its end", async () => {
    const client = createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    const handle = await client.startWorkflow(sum, { numbers: [1, 2, 3] });
    expect(handle.isNew).toBe(true);
    expect(await handle.result()).toEqual({ total: 109 });

    const types = server.execution(handle.id).simulated.types();
    expect(types.slice(0, 6)).toEqual([
      "WORKFLOW_STARTED",
      "STATE_SET",
      "OPERATION_COMPLETED",
      "TASK_SCHEDULED",
      "TASK_SCHEDULED",
      "TASK_SCHEDULED",
    ]);
    expect(types.slice(6).sort()).toEqual([
      "STATE_CLEARED",
      "TASK_COMPLETED",
      "TASK_COMPLETED",
      "TASK_COMPLETED",
      "WORKFLOW_COMPLETED",
    ]);
  });

  test("sends the claim and what it has seen with each submission, and asks for no history that holds only the start", async () => {
    const client = createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    const handle = await client.startWorkflow(sum, { numbers: [1] });
    await handle.result();
    const submissions = server.door.requests("SubmitWorkflowCommands") as SubmitWorkflowCommandsRequest[];
    expect(submissions.map((one) => one.claimEpoch)).toEqual(submissions.map((_, index) => index + 1));
    expect(submissions[0]?.seenSequence).toBe(1);
    expect(submissions[0]?.commands.map((command) => command.sequenceNumber)).toEqual([1, 2, 3]);
    expect(submissions.at(-1)?.seenSequence).toBeGreaterThanOrEqual(5);
    expect(server.door.requests("GetEvents")).toHaveLength(submissions.length - 1);
  });

  test("registers what it can run, polls under the id it got, and opts in to held polls and a lease", async () => {
    const client = createClient({ workerName: "box", taskLease: "10s" }).registerWorkflow(sum).registerTask(add);
    await client.start();
    const [workflowPoll, taskPoll] = await Promise.all([
      server.door.received("PollWorkflow"),
      server.door.received("PollTask"),
    ]);
    const registration = server.door.requests("RegisterWorker")[0] as WorkerRegistrationRequest;
    expect(registration.workerName).toMatch(/^box-[0-9a-f-]{36}$/);
    expect(registration.workerType).toBe("UNIFIED");
    expect(registration.workflows.map(({ kind, version }) => `${kind} ${version}`)).toEqual(["sum 1.0.0"]);
    expect(registration.tasks.map(({ kind }) => kind)).toEqual(["add"]);
    expect((workflowPoll.request as PollRequest).workerId).toMatch(/^[0-9a-f-]{36}$/);
    expect(workflowPoll.metadata.get("flovyn-poll-hold-ms")).toEqual(["60000"]);
    expect(taskPoll.metadata.get("flovyn-lease-ms")).toEqual(["10000"]);
    const session = await server.door.received("SubscribeToNotifications");
    expect(session.metadata.get("flovyn-worker-session")).toEqual(["true"]);
  });

  test("runs as many tasks at once as it may, and never more", async () => {
    let running = 0;
    let most = 0;
    const tasks = Array.from({ length: 5 }, () => ({ started: withResolvers<void>(), release: withResolvers<void>() }));
    const slow = task({
      name: "slow",
      async run(_ctx, n: number) {
        running += 1;
        most = Math.max(most, running);
        tasks[n]?.started.resolve();
        await tasks[n]?.release.promise;
        running -= 1;
      },
    });
    await createClient({ maxConcurrentTasks: 2 }).registerTask(slow).start();
    for (const n of tasks.keys()) server.addTask("slow", n);
    await tasks[0]?.started.promise;
    for (const [n, { release }] of tasks.entries()) {
      await tasks[n + 1]?.started.promise;
      release.resolve();
    }
    await server.door.received("CompleteTask", 5);
    expect(most).toBe(2);
  });

  test("fails a workflow of an unknown kind, and a task of an unknown kind", async () => {
    const client = createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    await expect((await client.startWorkflow("nobody-knows")).result()).rejects.toThrow(
      'Unknown workflow kind "nobody-knows"',
    );
    server.addTask("nobody-knows", null);
    const { request } = await server.door.received("FailTask");
    expect(request).toMatchObject({ error: 'Unknown task kind "nobody-knows"', claimEpoch: 1 });
    expect((request as FailTaskRequest).retryable).toBeUndefined();
  });

  test("tells how a task failed", async () => {
    const failing = task({
      name: "failing",
      run(_ctx, how: string) {
        if (how === "for good") throw new NonRetryableError("no such card");
        if (how === "for now") throw new RetryLaterError("too busy", "2s");
        if (how === "without JSON") return 1n;
        throw new TypeError("out of luck");
      },
    });
    await createClient({ maxConcurrentTasks: 1 }).registerTask(failing).start();
    for (const how of ["for good", "for now", "by chance", "without JSON"]) server.addTask("failing", how);
    await server.door.received("FailTask", 4);
    const failures = server.door.requests("FailTask") as FailTaskRequest[];
    expect(failures[0]).toMatchObject({ error: "no such card", retryable: false, errorType: "NonRetryableError" });
    expect(failures[1]).toMatchObject({ error: "too busy", retryAfterMs: 2000 });
    expect(failures[2]).toMatchObject({ error: "out of luck", errorType: "TypeError" });
    expect(failures[2]?.retryable).toBeUndefined();
    expect(failures[3]).toMatchObject({
      retryable: false,
      error: expect.stringContaining("cannot be written as JSON"),
    });
  });

  test("gives a workflow the failure of its task", async () => {
    const broken = task({
      name: "broken",
      run() {
        throw new Error("no paper");
      },
    });
    const printing = workflow({
      name: "printing",
      async run(ctx) {
        const error = await ctx.schedule(broken).catch((caught: unknown) => caught);
        if (!(error instanceof TaskFailedError)) throw new Error("expected a TaskFailedError");
        return { kind: error.kind, failure: error.failure, message: error.message };
      },
    });
    const client = createClient().registerWorkflow(printing).registerTask(broken);
    await client.start();
    expect(await (await client.startWorkflow(printing)).result()).toEqual({
      kind: "broken",
      failure: "no paper",
      message: 'Task "broken" failed: no paper',
    });
  });

  test("offers tasks their state, progress and log", async () => {
    const report = task({
      name: "report",
      async run(ctx) {
        ctx.reportProgress(0.5, "half way");
        ctx.log.info("working", { step: 1 });
        await ctx.set("cursor", { row: 7 });
        const found = await ctx.get<{ row: number }>("cursor");
        const keys = await ctx.keys();
        await ctx.clear("cursor");
        return { found, keys, gone: await ctx.get("cursor"), attempt: ctx.attempt, maxRetries: ctx.maxRetries };
      },
    });
    await createClient().registerTask(report).start();
    server.addTask("report", null);
    const { request } = await server.door.received("CompleteTask");
    expect(JSON.parse((request as CompleteTaskRequest).output.toString())).toEqual({
      found: { row: 7 },
      keys: ["cursor"],
      gone: null,
      attempt: 1,
      maxRetries: 3,
    });
    expect((await server.door.received("ReportProgress")).request).toMatchObject({
      progress: 0.5,
      details: "half way",
    });
    expect((await server.door.received("LogMessage")).request).toMatchObject({
      level: "INFO",
      message: 'working {"step":1}',
    });
  });
});

describe("when calls fail, a worker", () => {
  test("repeats reports under the same claim until the server answers", async () => {
    const unavailable = new Refusal(status.UNAVAILABLE, "going down");
    for (const name of ["SubmitWorkflowCommands", "CompleteTask", "GetEvents"]) {
      server.door.failNext(name, unavailable, unavailable);
    }
    const client = createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [1] })).result()).toEqual({ total: 102 });
    const completions = server.door.requests("CompleteTask") as CompleteTaskRequest[];
    expect(completions).toHaveLength(3);
    expect(new Set(completions.map((one) => `${one.taskExecutionId} ${one.claimEpoch}`)).size).toBe(1);
  });

  test("polls again after a failed poll", async () => {
    const client = createClient().registerWorkflow(sum).registerTask(add);
    server.door.failNext("PollWorkflow", new Refusal(status.UNAVAILABLE, "going down"));
    server.door.failNext("PollTask", new Refusal(status.INTERNAL, "a bug"));
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [] })).result()).toEqual({ total: 100 });
  });

  test("fails a workflow whose commands the server refuses", async () => {
    server.door.failNext("SubmitWorkflowCommands", new Refusal(status.INVALID_ARGUMENT, "output: is too large"));
    const client = createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    await expect((await client.startWorkflow(sum, { numbers: [] })).result()).rejects.toThrow(
      /The server refused what the workflow asked for: .*output: is too large/,
    );
  });

  test("leaves a workflow alone that somebody else holds", async () => {
    server.door.failNext("SubmitWorkflowCommands", new Refusal(status.ABORTED, "handed to another", "STALE_LEASE"));
    const client = createClient().registerWorkflow(sum);
    await client.start();
    const { id } = await client.startWorkflow(sum, { numbers: [] });
    await server.door.received("SubmitWorkflowCommands");
    await client.stop();
    expect(server.door.requests("SubmitWorkflowCommands")).toHaveLength(1);
    expect(server.execution(id).status).toBe("RUNNING");
  });

  test("fails a task whose output the server refuses, for good", async () => {
    server.door.failNext("CompleteTask", new Refusal(status.INVALID_ARGUMENT, "output: must have at most 10 bytes"));
    await createClient().registerTask(add).start();
    server.addTask("add", { a: 1, b: 2 });
    expect((await server.door.received("FailTask")).request).toMatchObject({
      retryable: false,
      error: expect.stringContaining("must have at most 10 bytes"),
    });
  });

  test("opens its session again when the server ends it", async () => {
    await createClient().registerTask(add).start();
    await server.door.received("SubscribeToNotifications");
    for (const stream of server.sessions) stream.end();
    await server.door.received("SubscribeToNotifications", 2);
  });

  test("registers again when the server does not know it any more", async () => {
    server.door.failNext("SendHeartbeat", new Refusal(status.NOT_FOUND, "no such worker"));
    await createClient({ heartbeatInterval: 100 }).registerTask(add).start();
    await server.door.received("RegisterWorker", 2);
    await server.door.received("SubscribeToNotifications", 2);
  });
});

describe("a task attempt", () => {
  const waiting = (ended: (reason: TaskAbortedError) => void, timeout?: string) =>
    task({
      name: "waiting",
      ...(timeout === undefined ? {} : { timeout }),
      run: (ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            ended(ctx.signal.reason as TaskAbortedError);
            reject(ctx.signal.reason as Error);
          });
        }),
    });

  test("keeps its lease alive, and is aborted when the server took it away", async () => {
    server.leaseMs = 300;
    const aborted = withResolvers<TaskAbortedError>();
    await createClient().registerTask(waiting(aborted.resolve)).start();
    const id = server.addTask("waiting", null);
    const beat = await server.door.received("Heartbeat", 2);
    expect(beat.request as HeartbeatRequest).toMatchObject({ taskExecutionId: id, claimEpoch: 1 });
    server.door.failNext("Heartbeat", new Refusal(status.ABORTED, "handed to another", "STALE_LEASE"));
    expect((await aborted.promise).abortCause).toBe("claim-lost");
    await clients[0]?.stop();
    expect(server.door.requests("FailTask")).toEqual([]);
  });

  test("ends at its timeout for good", async () => {
    const aborted = withResolvers<TaskAbortedError>();
    await createClient().registerTask(waiting(aborted.resolve, "50ms")).start();
    server.addTask("waiting", null);
    expect((await aborted.promise).abortCause).toBe("timeout");
    expect((await server.door.received("FailTask")).request).toMatchObject({
      error: "Task timed out after 50 ms",
      retryable: false,
    });
  });

  test("may end within the grace of a stop", async () => {
    const started = withResolvers<void>();
    const release = withResolvers<void>();
    const slow = task({
      name: "slow",
      async run() {
        started.resolve();
        await release.promise;
        return "done";
      },
    });
    const client = createClient().registerTask(slow);
    await client.start();
    server.addTask("slow", null);
    await started.promise;
    const stopped = client.stop();
    release.resolve();
    await stopped;
    expect(server.door.requests("CompleteTask")).toHaveLength(1);
  });

  test("is aborted after the grace, and is not reported, so that another worker gets it", async () => {
    const started = withResolvers<void>();
    const aborted = withResolvers<TaskAbortedError>();
    const definition = waiting(aborted.resolve);
    const client = createClient({ shutdownGrace: 0 }).registerTask({
      ...definition,
      run: (ctx, input) => {
        started.resolve();
        return definition.run(ctx, input);
      },
    });
    await client.start();
    server.addTask("waiting", null);
    await started.promise;
    await client.stop();
    expect((await aborted.promise).abortCause).toBe("shutdown");
    expect(server.door.requests("FailTask")).toEqual([]);
  });
});

describe("start and stop", () => {
  test("fail clearly when the server refuses the credential", async () => {
    const client = createClient({ workerToken: "wrong" }).registerTask(add);
    await expect(client.start()).rejects.toThrow(/refused the credential: .*the key is not known.*\(UNAUTHENTICATED\)/);
    await expect(client.start()).rejects.toMatchObject({ code: "UNAUTHENTICATED", operation: "RegisterWorker" });
  });

  test("fail clearly when the server cannot be reached", async () => {
    server.door.stop();
    const client = createClient({ connectTimeout: 0 }).registerTask(add);
    await expect(client.start()).rejects.toThrow(/could not be reached/);
  });

  test("wait for a server that comes up later", async () => {
    server.door.stop();
    const client = createClient().registerWorkflow(sum);
    const starting = client.start();
    const { url } = server.door;
    server = new FakeServer();
    await server.door.start(Number(new URL(url).port));
    await starting;
    await server.door.received("PollWorkflow");
  });

  test("may be called more than once, and in any order", async () => {
    const client = createClient().registerWorkflow(sum);
    await client.stop();
    await Promise.all([client.start(), client.start()]);
    expect(server.door.requests("RegisterWorker")).toHaveLength(1);
    await Promise.all([client.stop(), client.stop()]);
    await client.start();
    expect(await (await client.startWorkflow(sum, { numbers: [] })).result()).toEqual({ total: 100 });
    await client.stop();
    const [first, second] = server.door.requests("RegisterWorker") as WorkerRegistrationRequest[];
    expect(first?.workerName).not.toBe(second?.workerName);
  });

  test("end a start that is under way", async () => {
    server.door.stop();
    const client = createClient().registerWorkflow(sum);
    const starting = expect(client.start()).rejects.toThrow("stopped before it had started");
    await client.stop();
    await starting;
  });

  test("need something registered", async () => {
    await expect(createClient().start()).rejects.toThrow("register a workflow or a task before start");
    const client = createClient().registerWorkflow(sum);
    expect(() => client.registerWorkflow(sum)).toThrow('a workflow named "sum" is registered already');
    await client.start();
    expect(() => client.registerTask(add)).toThrow('task "add": register it before start');
  });
});

function withResolvers<Value>() {
  let settle: { resolve(value: Value): void; reject(error: unknown): void } | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error("a promise runs its executor at once");
  return { promise, ...settle };
}
