/**
 * Goal: the worker speaks the protocol right.
 * Approach: the real client over a real socket against a server in memory, whose calls a test can await.
 */
import type {
  CompleteTaskRequest,
  FailTaskRequest,
  PollRequest,
  SubmitWorkflowCommandsRequest,
  WorkerRegistrationRequest,
} from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { NonRetryableError, RetryLaterError, TaskFailedError, task, workflow } from "../src/index.js";
import { Refusal } from "./grpc-door.js";
import { add, sum, useHarness, withResolvers } from "./harness.js";

const harness = useHarness();

describe("a worker", () => {
  test("runs a workflow with parallel tasks, an operation and state to its end", async () => {
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    const handle = await client.startWorkflow(sum, { numbers: [1, 2, 3] });
    expect(handle.isNew).toBe(true);
    expect(await handle.result()).toEqual({ total: 109 });

    const types = harness.server.execution(handle.id).simulated.types();
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
    const client = harness.createClient().registerWorkflow(sum).registerTask(add);
    await client.start();
    const handle = await client.startWorkflow(sum, { numbers: [1] });
    await handle.result();
    const submissions = harness.server.door.requests("SubmitWorkflowCommands") as SubmitWorkflowCommandsRequest[];
    expect(submissions.map((one) => one.claimEpoch)).toEqual(submissions.map((_, index) => index + 1));
    expect(submissions[0]?.seenSequence).toBe(1);
    expect(submissions[0]?.commands.map((command) => command.sequenceNumber)).toEqual([1, 2, 3, 4]);
    expect(submissions.at(-1)?.seenSequence).toBeGreaterThanOrEqual(5);
    expect(harness.server.door.requests("GetEvents")).toHaveLength(submissions.length - 1);
  });

  test("registers what it can run, polls under the id it got, and opts in to held polls and a lease", async () => {
    const client = harness
      .createClient({ workerName: "box", taskLease: "10s" })
      .registerWorkflow(sum)
      .registerTask(add);
    await client.start();
    const [workflowPoll, taskPoll] = await Promise.all([
      harness.server.door.received("PollWorkflow", 2),
      harness.server.door.received("PollTask", 2),
    ]);
    const registration = harness.server.door.requests("RegisterWorker")[0] as WorkerRegistrationRequest;
    expect(registration.workerName).toMatch(/^box-[0-9a-f-]{36}$/);
    expect(registration.workerType).toBe("UNIFIED");
    expect(registration.workflows.map(({ kind, version }) => `${kind} ${version}`)).toEqual(["sum 1.0.0"]);
    expect(registration.tasks.map(({ kind }) => kind)).toEqual(["add"]);
    expect((workflowPoll.request as PollRequest).workerId).toMatch(/^[0-9a-f-]{36}$/);
    expect(workflowPoll.metadata.get("flovyn-poll-hold-ms")).toEqual(["60000"]);
    expect(taskPoll.metadata.get("flovyn-lease-ms")).toEqual(["10000"]);
    const session = await harness.server.door.received("SubscribeToNotifications");
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
    await harness.createClient({ maxConcurrentTasks: 2 }).registerTask(slow).start();
    for (const n of tasks.keys()) harness.server.addTask("slow", n);
    await tasks[0]?.started.promise;
    for (const [n, { release }] of tasks.entries()) {
      await tasks[n + 1]?.started.promise;
      release.resolve();
    }
    await harness.server.door.received("CompleteTask", 5);
    expect(most).toBe(2);
  });

  test("fails a task of an unknown kind", async () => {
    await harness.createClient().registerWorkflow(sum).registerTask(add).start();
    harness.server.addTask("nobody-knows", null);
    const { request } = await harness.server.door.received("FailTask");
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
    await harness.createClient({ maxConcurrentTasks: 1 }).registerTask(failing).start();
    for (const how of ["for good", "for now", "by chance", "without JSON"]) harness.server.addTask("failing", how);
    await harness.server.door.received("FailTask", 4);
    const failures = harness.server.door.requests("FailTask") as FailTaskRequest[];
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
    const client = harness.createClient().registerWorkflow(printing).registerTask(broken);
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
    await harness.createClient().registerTask(report).start();
    harness.server.addTask("report", null);
    const { request } = await harness.server.door.received("CompleteTask");
    expect(JSON.parse((request as CompleteTaskRequest).output.toString())).toEqual({
      found: { row: 7 },
      keys: ["cursor"],
      gone: null,
      attempt: 1,
      maxRetries: 3,
    });
    expect((await harness.server.door.received("ReportProgress")).request).toMatchObject({
      progress: 0.5,
      details: "half way",
    });
    expect((await harness.server.door.received("LogMessage")).request).toMatchObject({
      level: "INFO",
      message: 'working {"step":1}',
    });
  });

  test("streams what a task says while it runs, all of it before the end", async () => {
    const talk = task({
      name: "talk",
      run(ctx) {
        for (const text of ["Hel", "lo"]) ctx.stream.token(text);
        ctx.stream.data({ done: true });
      },
    });
    await harness.createClient().registerTask(talk).start();
    harness.server.door.failNext("StreamTaskData", new Refusal(status.UNAVAILABLE, "going down"));
    const id = harness.server.addTask("talk", null);
    await harness.server.door.received("CompleteTask");
    const names = harness.server.door.calls.map(({ name }) => name);
    expect(names.filter((name) => name === "StreamTaskData" || name === "CompleteTask")).toEqual([
      "StreamTaskData",
      "StreamTaskData",
      "StreamTaskData",
      "CompleteTask",
    ]);
    expect(harness.server.door.requests("StreamTaskData")).toMatchObject([
      { taskExecutionId: id, workflowExecutionId: "", sequence: 0, type: 1, payload: '{"type":"token","text":"Hel"}' },
      { sequence: 1, type: 1, payload: '{"type":"token","text":"lo"}' },
      { sequence: 2, type: 3, payload: '{"type":"data","data":{"done":true}}', timestampMs: expect.any(Number) },
    ]);
  });
});
