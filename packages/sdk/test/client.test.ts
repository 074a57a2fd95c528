/** Goal: client calls carry what the caller said, and results come as values or as errors that tell what happened. */
import type { StartWorkflowRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  FlovynClient,
  FlovynServiceError,
  ResultTimeoutError,
  silentLogger,
  task,
  WorkflowCancelledError,
  WorkflowFailedError,
  workflow,
} from "../src/index.js";
import { FakeServer, orgId, token } from "./fake-server.js";
import { Refusal } from "./grpc-door.js";

const echo = workflow({
  name: "echo",
  run(_ctx, input: { fail?: string; value?: number }) {
    if (input.fail !== undefined) throw new Error(input.fail);
    return input.value ?? null;
  },
});

let server: FakeServer;
let client: FlovynClient;

async function open(missing: string[] = []): Promise<void> {
  server = new FakeServer(missing);
  await server.door.start();
  const { url: serverUrl } = server.door;
  client = new FlovynClient({ serverUrl, orgId, workerToken: token, apiKey: "fsk_user", logger: silentLogger });
  client.registerWorkflow(echo);
}

beforeEach(() => open());

afterEach(async () => {
  await client.stop();
  server.door.stop();
});

describe("starting a workflow", () => {
  test("sends the options, under the credential for client calls", async () => {
    await client.startWorkflow(
      echo,
      { value: 1 },
      { queue: "fast", priority: 5, version: "2.0.0", metadata: { customer: "7" }, idempotencyKeyTtl: "2h" },
    );
    const { request, metadata } = await server.door.received("StartWorkflow");
    expect(request).toMatchObject({
      orgId,
      workflowKind: "echo",
      queue: "fast",
      prioritySeconds: 5,
      workflowVersion: "2.0.0",
      metadata: { customer: "7" },
      idempotencyKeyTtlSeconds: 7200,
    });
    expect((request as StartWorkflowRequest).input.toString()).toBe('{"value":1}');
    expect(metadata.get("authorization")).toEqual(["Bearer fsk_user"]);
  });

  test("gives the workflow of the first start for a known key", async () => {
    const first = await client.startWorkflow(echo, {}, { idempotencyKey: "order-1" });
    const second = await client.startWorkflow(echo, {}, { idempotencyKey: "order-1" });
    expect(second).toMatchObject({ id: first.id, isNew: false });
  });

  test("is repeated after a lost answer only under a key", async () => {
    const lost = new Refusal(status.UNAVAILABLE, "the answer was lost");
    server.door.failNext("StartWorkflow", lost, lost);
    await client.startWorkflow(echo, {}, { idempotencyKey: "order-1" });
    server.door.failNext("StartWorkflow", lost);
    await expect(client.startWorkflow(echo, {})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("refuses an input without a JSON form", async () => {
    await expect(client.startWorkflow("echo", { value: 1n })).rejects.toThrow(
      'the input of workflow "echo" cannot be written as JSON',
    );
  });
});

describe("the result of a workflow", () => {
  test("is its output, its failure or its cancellation", async () => {
    await client.start();
    expect(await (await client.startWorkflow(echo, { value: 42 })).result()).toBe(42);
    const failed = (await client.startWorkflow(echo, { fail: "no stock" })).result();
    await expect(failed).rejects.toThrow(WorkflowFailedError);
    await expect(failed).rejects.toThrow("no stock");
    await client.stop();

    const handle = await client.startWorkflow(echo, {});
    expect(await handle.cancel("not wanted")).toBe(true);
    expect(await handle.cancel()).toBe(false);
    const cancelled = client.getHandle(handle.id).result();
    await expect(cancelled).rejects.toThrow(WorkflowCancelledError);
    await expect(cancelled).rejects.toThrow("not wanted");
  });

  test("is read from history where the server cannot hold the call", async () => {
    await client.stop();
    server.door.stop();
    await open(["AwaitResult"]);
    await client.start();
    expect(await (await client.startWorkflow(echo, { value: 42 })).result()).toBe(42);
    await expect((await client.startWorkflow(echo, { fail: "no stock" })).result()).rejects.toThrow("no stock");
  });

  test("survives an outage", async () => {
    const away = new Refusal(status.UNAVAILABLE, "going down");
    server.door.failNext("AwaitResult", away, away);
    await client.start();
    expect(await (await client.startWorkflow(echo, { value: 42 })).result()).toBe(42);
  });

  test("that is a failure names the workflow and the task that failed", async () => {
    const broken = task({ name: "broken", run: () => Promise.reject(new Error("no paper")) });
    const printing = workflow({
      name: "printing",
      async run(ctx, { own }: { own: boolean }) {
        const error = await ctx.schedule(broken).catch((caught: unknown) => caught);
        throw own ? new Error("given up") : error;
      },
    });
    await client.registerWorkflow(printing).registerTask(broken).start();
    const { id, result } = await client.startWorkflow(printing, { own: false });
    const failed = await result().catch((error: unknown) => error as WorkflowFailedError);
    const [taskId] = server.tasks.keys();
    const failure = 'Task "broken" failed: no paper';
    expect(failed).toMatchObject({ workflowId: id, workflowKind: "printing", failure });
    expect((failed as WorkflowFailedError).failedTask).toEqual({ taskId, kind: "broken" });
    expect((failed as Error).message).toBe(`workflow "printing" (${id}) failed: ${failure} (task "broken", ${taskId})`);
    const other = await client.startWorkflow(printing, { own: true });
    await expect(other.result()).rejects.toMatchObject({ failure: "given up", failedTask: undefined });
  });

  test("that is a failure comes all the same when its history cannot be read", async () => {
    await client.start();
    const { id, result } = await client.startWorkflow(echo, { fail: "no stock" });
    await server.door.received("SubmitWorkflowCommands");
    server.door.failNext("GetEvents", new Refusal(status.PERMISSION_DENIED, "not yours"));
    await expect(result()).rejects.toMatchObject({
      message: `workflow ${id} failed: no stock`,
      failure: "no stock",
      workflowKind: undefined,
    });
  });

  test("that does not come in time says what the workflow waits for", async () => {
    const waiting = workflow({
      name: "waiting",
      run: (ctx, { on }: { on: readonly string[] }) =>
        Promise.all(
          on.map((what) => {
            if (what === "task") return ctx.schedule("charge");
            if (what === "promise") return ctx.promise("approval");
            if (what === "child") return ctx.scheduleWorkflow("shipping", null, { name: "ship" });
            return what === "timer" ? ctx.sleep("1d") : ctx.waitForSignal("go");
          }),
        ),
    });
    const pending = await client.startWorkflow(waiting, { on: ["signal"] });
    await expect(pending.result({ timeout: 20 })).rejects.toThrow(
      `workflow "waiting" (${pending.id}) did not end within 20 ms: it waits for a worker for workflows of kind "waiting"`,
    );
    // The answer of a call that was held may be older than its end.
    expect(server.door.requests("AwaitResult").at(-1)).toMatchObject({ holdMs: 0 });
    await client.registerWorkflow(waiting).start();
    let submissions = 1;
    await server.door.received("SubmitWorkflowCommands", submissions);
    const suspended = async (on: readonly string[]) => {
      const { result } = await client.startWorkflow(waiting, { on });
      await server.door.received("SubmitWorkflowCommands", ++submissions);
      return result({ timeout: 0 }).catch((error: unknown) => error as ResultTimeoutError);
    };
    const named = (await suspended(["task", "promise", "child", "timer"])) as ResultTimeoutError;
    expect(named).toBeInstanceOf(ResultTimeoutError);
    expect(named.waitsFor).toEqual([
      expect.stringMatching(/^task "charge" \([0-9a-f-]{36}\)$/),
      'child workflow "ship"',
      'promise "approval"',
      'timer "timer-0"',
    ]);
    expect(named.message).toContain(': it waits for task "charge" (');
    expect(((await suspended(["signal"])) as ResultTimeoutError).waitsFor).toEqual(["a signal"]);
    expect(((await suspended(Array(7).fill("promise"))) as Error).message).toMatch(/"approval", 2 more$/);
  });

  test("is there at once when the workflow has ended, whatever the limit", async () => {
    await client.start();
    const handle = await client.startWorkflow(echo, { value: 42 });
    await handle.result();
    expect(await handle.result({ timeout: 0 })).toBe(42);
  });

  test("of an unknown workflow is an error of the server", async () => {
    const missing = client.getHandle("0192f0c1-2f6e-7c7a-9a3b-00000000dead").result();
    await expect(missing).rejects.toThrow(FlovynServiceError);
    await expect(missing).rejects.toMatchObject({ code: "NOT_FOUND", operation: "AwaitResult" });
  });
});
