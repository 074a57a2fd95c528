/** Goal: signals, settled promises, queries and cancels reach the workflow they are meant for, once. */
import type { RejectPromiseRequest, SignalWithStartWorkflowRequest } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { WorkflowQueryError, workflow } from "../src/index.js";
import { orgId } from "./fake-server.js";
import { Refusal } from "./grpc-door.js";
import { useHarness } from "./harness.js";

const harness = useHarness();

const talk = workflow({
  name: "talk",
  async run(ctx, turns: number) {
    const said: string[] = [];
    while (said.length < turns) said.push(await ctx.waitForSignal<string>("say"));
    return said;
  },
});

const approval = workflow({
  name: "approval",
  run: (ctx) => ctx.promise<{ by: string }>("approved").catch((error: Error) => error.message),
});

const lost = new Refusal(status.UNAVAILABLE, "the answer was lost");

async function workerFor(definition: typeof talk | typeof approval) {
  const client = harness.createClient().registerWorkflow(definition);
  await client.start();
  return client;
}

/** Waits until the workflow has asked for what it waits for. */
async function suspended(): Promise<void> {
  await harness.server.door.received("SubmitWorkflowCommands");
}

describe("a signal", () => {
  test("reaches its workflow, from a handle or by the id", async () => {
    const client = await workerFor(talk);
    const handle = await client.startWorkflow(talk, 2);
    expect(await handle.signal("say", "hello")).toEqual({ sequence: expect.any(Number), duplicate: false });
    await client.signal(handle.id, "say", "world");
    expect(await handle.result()).toEqual(["hello", "world"]);
    expect(harness.server.door.requests("SignalWorkflow")).toMatchObject([
      { orgId, workflowExecutionId: handle.id, signalName: "say", signalValue: Buffer.from('"hello"') },
      { signalName: "say", signalId: undefined },
    ]);
    await expect(handle.signal("say", "late")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  test("is repeated after a lost answer only with an id of its own, and counts once", async () => {
    const client = await workerFor(talk);
    const handle = await client.startWorkflow(talk, 2);
    harness.server.door.failNext("SignalWorkflow", lost);
    const first = await handle.signal("say", "once", { signalId: "s1" });
    expect(await handle.signal("say", "once", { signalId: "s1" })).toEqual({ ...first, duplicate: true });
    harness.server.door.failNext("SignalWorkflow", lost);
    await expect(handle.signal("say", "twice")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await handle.signal("say", "end");
    expect(await handle.result()).toEqual(["once", "end"]);
  });

  test("starts its workflow when there is none of that id", async () => {
    const client = await workerFor(talk);
    const options = { queue: "fast", priority: 2, idempotencyKeyTtl: "1h", metadata: { a: "b" } } as const;
    harness.server.door.failNext("SignalWithStartWorkflow", lost);
    const first = await client.signalWithStart(talk, 2, {
      workflowId: "chat-7",
      signal: { name: "say", value: "hi", signalId: "s1" },
      ...options,
    });
    const second = await client.signalWithStart("talk", 2, { workflowId: "chat-7", signal: { name: "say" } });
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(second.id).toBe(first.id);
    expect(await first.result()).toEqual(["hi", null]);
    const requests = harness.server.door.requests("SignalWithStartWorkflow") as SignalWithStartWorkflowRequest[];
    expect(requests[0]).toMatchObject({
      orgId,
      workflowId: "chat-7",
      workflowKind: "talk",
      workflowInput: Buffer.from("2"),
      queue: "fast",
      prioritySeconds: 2,
      metadata: { a: "b" },
      idempotencyKeyTtlSeconds: 3600,
      signalName: "say",
      signalValue: Buffer.from('"hi"'),
      signalId: "s1",
    });
    expect(requests.at(-1)).toMatchObject({ queue: "default", signalValue: Buffer.from("null") });
  });

  test("needs a name and a value with a JSON form", async () => {
    const handle = harness.createClient().getHandle("w");
    await expect(handle.signal(" ")).rejects.toThrow("signal: name: must not be blank");
    await expect(handle.signal("say", 1n)).rejects.toThrow('the value of signal "say" cannot be written as JSON');
  });
});

describe("settling a promise", () => {
  test("resolves it by the workflow and its name, or by its id", async () => {
    const client = await workerFor(approval);
    const handle = await client.startWorkflow(approval);
    await suspended();
    await client.resolvePromise({ workflowId: handle.id, name: "approved" }, { by: "Ann" });
    expect(await handle.result()).toEqual({ by: "Ann" });
    expect(harness.server.door.requests("ResolvePromise")).toMatchObject([{ promiseId: `${handle.id}:approved` }]);
    await expect(client.resolvePromise("0192f0c1-2f6e-7c7a-9a3b-00000000dead")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("rejects it with the text of an error", async () => {
    const client = await workerFor(approval);
    const handle = await client.startWorkflow(approval);
    await suspended();
    await client.rejectPromise({ workflowId: handle.id, name: "approved" }, new Error("too dear"));
    expect(await handle.result()).toBe("too dear");
  });

  test("is repeated after a lost answer where the reference can mean no other promise", async () => {
    const client = harness.createClient();
    const missing = new Refusal(status.NOT_FOUND, "there is no such promise");
    for (const reference of ["0192f0c1-2f6e-7c7a-9a3b-00000000dead", { key: "order:7" }]) {
      harness.server.door.failNext("RejectPromise", lost, missing);
      await expect(client.rejectPromise(reference, "no")).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    harness.server.door.failNext("RejectPromise", lost);
    await expect(client.rejectPromise({ workflowId: "w", name: "n" }, "no")).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    const sent = harness.server.door.requests("RejectPromise") as RejectPromiseRequest[];
    expect(sent.slice(2).map(({ promiseId, error }) => `${promiseId} ${error}`)).toEqual([
      "key:order:7 no",
      "key:order:7 no",
      "w:n no",
    ]);
  });

  test.each([
    ["", "id"],
    [{ key: " " }, "key"],
    [{ workflowId: "", name: "a" }, "workflowId"],
    [{ workflowId: "w", name: "" }, "name"],
  ])("refuses %j", async (reference, what) => {
    await expect(harness.createClient().resolvePromise(reference)).rejects.toThrow(
      `promise: ${what}: must not be blank`,
    );
  });
});

describe("a query", () => {
  test("gives the answer, again after a lost one, or throws the error that it is answered with", async () => {
    const client = harness.createClient();
    const handle = await client.startWorkflow(talk, 1);
    harness.server.door.failNext("QueryWorkflow", lost);
    expect(await handle.query("status", { deep: true })).toEqual({
      id: handle.id,
      queryName: "status",
      params: { deep: true },
    });
    const failing = client.query(handle.id, "unknown");
    await expect(failing).rejects.toThrow(WorkflowQueryError);
    await expect(failing).rejects.toMatchObject({
      message: 'the workflow has no state "unknown"',
      queryName: "unknown",
    });
  });
});

describe("a cancel", () => {
  test("says whether it ended the workflow, and what becomes of the children", async () => {
    const client = harness.createClient();
    const handle = await client.startWorkflow(talk, 1);
    expect(await handle.cancel("not wanted", { cascadeToChildren: false })).toBe(true);
    expect(await client.cancel(handle.id)).toBe(false);
    expect(harness.server.door.requests("CancelWorkflow")).toMatchObject([
      { reason: "not wanted", cascadeToChildren: false },
      { reason: "", cascadeToChildren: undefined },
    ]);
  });
});
