import { newId, partitionOf, payloadBytesMax } from "@flovyn/domain";
import { GetTaskRequest, TaskView } from "@flovyn/proto/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const get = (id: string, header = {}) => harness.call("internal/GetTask", [GetTaskRequest, TaskView], { id }, header);

describe("SubmitTask", () => {
  it("creates a standalone PENDING task with its queue, its first transition, and a hint", async () => {
    const hints = await harness.hintsOf("task", "cards");
    const submitted = await harness.submit({ queue: "cards", maxRetries: 2, timeoutMs: 1_500, metadata: { a: "b" } });
    expect(submitted).toMatchObject({ idempotencyKeyUsed: false, idempotencyKeyNew: true });
    const id = submitted.taskExecutionId;
    expect(await hints.count()).toBe(1);
    expect(await harness.row(id)).toMatchObject({
      status: "PENDING",
      kind: "charge",
      max_retries: 2,
      partition_key: partitionOf(id),
      root_execution_id: id,
      workflow_execution_id: null,
      deadline_at: new Date(harness.clock.now() + 1_500),
    });
    expect(
      await harness.rows("select to_state, most_recent from task_transition where task_execution_id = $1", [id]),
    ).toEqual([{ to_state: "PENDING", most_recent: true }]);
    const view = await get(id);
    expect(view).toMatchObject({ id, status: "PENDING", metadata: '{"a": "b"}' });
    expect(view.input.toString()).toBe('{"n":1.0}');
  });

  it("SP-24 SP-22 attached to a workflow it takes over partition and root, and writes no event", async () => {
    const { id } = await harness.waitingWorkflow(0);
    const { taskExecutionId } = await harness.submit({ workflowExecutionId: id });
    const partition = partitionOf(id);
    const view = await get(`{fp:${partition}}:${taskExecutionId}`);
    expect(view).toMatchObject({ workflowExecutionId: id, partitionKey: partition, rootExecutionId: id });
    expect(await harness.events(id)).toEqual(["WORKFLOW_STARTED"]);
    await expect(get(`{fp:${(partition + 1) % 256}}:${taskExecutionId}`)).rejects.toMatchObject({ code: "NotFound" });
    await expect(get(taskExecutionId, harness.foreign)).rejects.toMatchObject({
      code: "NotFound",
      field: "task_execution_id",
    });
    await expect(get("x")).rejects.toMatchObject({ code: "InvalidInput", field: "id" });
  });

  it("is refused for a workflow that ended, is missing, or belongs to another org", async () => {
    const ended = await harness.waitingWorkflow(0, "FAILED");
    await expect(harness.submit({ workflowExecutionId: ended.id })).rejects.toMatchObject({ code: "WrongState" });
    await expect(harness.submit({ workflowExecutionId: newId() })).rejects.toMatchObject({
      code: "NotFound",
      field: "workflow_execution_id",
    });
    const theirs = await harness.waitingWorkflow(0);
    const foreign = harness.submit({ workflowExecutionId: theirs.id }, harness.foreign);
    await expect(foreign).rejects.toMatchObject({ code: "NotFound" });
  });

  it.each([
    ["kind", { kind: "" }, "InvalidInput"],
    ["kind", { kind: "k\0" }, "InvalidInput"],
    ["kind", { kind: "k\u009b" }, "InvalidInput"],
    ["queue", { queue: "q\n" }, "InvalidInput"],
    ["input", { input: Buffer.alloc(payloadBytesMax + 1, 0x31) }, "PayloadTooLarge"],
    ["max_retries", { maxRetries: 10_001 }, "InvalidInput"],
    ["timeout_ms", { timeoutMs: -1 }, "InvalidInput"],
    ["retry_policy.strategy", { retryPolicy: '{"strategy":"never"}' }, "InvalidInput"],
    ["metadata", { metadata: { _flovyn_: "x" } }, "InvalidInput"],
    ["workflow_execution_id", { workflowExecutionId: "7" }, "InvalidInput"],
    ["idempotency_key", { idempotencyKey: "k".repeat(256) }, "InvalidInput"],
    ["org_id", { orgId: "x" }, "InvalidInput"],
  ])("pitfall 25 refuses a bad %s and creates nothing", async (field, message, code) => {
    const before = await harness.rows("select count(*) from task_execution");
    await expect(harness.submit(message)).rejects.toMatchObject({ code, field });
    expect(await harness.rows("select count(*) from task_execution")).toEqual(before);
  });

  it("refuses another org's id and an org that does not exist", async () => {
    await expect(harness.submit({ orgId: harness.otherOrgId })).rejects.toMatchObject({ code: "Forbidden" });
    const nobody = { caller: { ...harness.caller, orgId: newId() } };
    await expect(harness.submit({}, nobody)).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("idempotency keys of tasks", () => {
  it("SP-83 concurrent submits over two replicas make one task", async () => {
    const tasks = await Promise.all(Array.from({ length: 20 }, () => harness.submit({ idempotencyKey: "one" })));
    expect(new Set(tasks.map((task) => task.taskExecutionId)).size).toBe(1);
    expect(tasks.filter((task) => task.idempotencyKeyNew)).toHaveLength(1);
  });

  it("are refused for another kind, in one batch and later", async () => {
    const results = await Promise.allSettled([
      harness.submit({ idempotencyKey: "kinds", kind: "a" }),
      harness.submit({ idempotencyKey: "kinds", kind: "b" }),
      harness.submit({ idempotencyKey: "kinds", kind: "a" }),
      harness.submit({ idempotencyKey: "kinds", kind: "b" }),
    ]);
    const kinds = await harness.rows<{ kind: string }>(
      "select task.kind from idempotency_key held join task_execution task on task.id = held.task_execution_id where key = 'kinds'",
    );
    const first = kinds[0]?.kind === "a" ? 0 : 1;
    expect(results.map((result) => result.status)).toEqual(
      [0, 1, 0, 1].map((kind) => (kind === first ? "fulfilled" : "rejected")),
    );
    const other = harness.submit({ idempotencyKey: "kinds", kind: "c" });
    await expect(other).rejects.toMatchObject({ code: "AlreadyExists", field: "idempotency_key" });
  });

  it("are kept by a completed task, freed by a failed one, and replaced when they expired", async () => {
    const done = await harness.running({ idempotencyKey: "done" });
    await harness.complete({ taskExecutionId: done.taskExecutionId });
    expect(await harness.submit({ idempotencyKey: "done" })).toMatchObject({
      taskExecutionId: done.taskExecutionId,
      idempotencyKeyNew: false,
    });
    const broken = await harness.running({ idempotencyKey: "broken", maxRetries: 0 });
    await harness.fail({ taskExecutionId: broken.taskExecutionId });
    expect((await harness.submit({ idempotencyKey: "broken" })).idempotencyKeyNew).toBe(true);
    await harness.submit({ idempotencyKey: "brief", idempotencyKeyTtlSeconds: 1 });
    harness.clock.advance(1_000);
    expect((await harness.submit({ idempotencyKey: "brief" })).idempotencyKeyNew).toBe(true);
  });
});
