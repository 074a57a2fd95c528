import { checkPayload, newId, partitionOf, payloadBytesMax } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCleanUpSweep } from "../src/loops/clean-up.js";
import { command, Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const countWorkflows = async () =>
  (await harness.rows<{ count: number }>("select count(*)::int as count from workflow_execution"))[0]?.count;

describe("StartWorkflow", () => {
  it("creates a PENDING execution with its first event, its first transition, its queue, and a hint", async () => {
    const hints = await harness.hints("workflow", "a b/u?");
    const started = await harness.startWorkflow({
      queue: "a b/u?",
      workflowVersion: "1.2.0",
      prioritySeconds: 5,
      metadata: { customer: '42 \\ " {},' },
    });
    expect(started).toMatchObject({ idempotencyKeyUsed: false, idempotencyKeyNew: true });
    const id = started.workflowExecutionId;
    expect(await hints.count()).toBe(1);
    const [row] = await harness.rows(
      `select kind, queue, status, run, current_sequence, priority_ms::int, metadata, partition_key, root_execution_id,
        workflow_version, created_by, convert_from(input, 'UTF8') as input, created_at - dispatch_at as head_start
       from workflow_execution where id = $1`,
      [id],
    );
    expect(row).toMatchObject({
      kind: "order",
      queue: "a b/u?",
      status: "PENDING",
      run: 1,
      current_sequence: 1,
      priority_ms: 5000,
      metadata: { customer: '42 \\ " {},' },
      partition_key: partitionOf(id),
      root_execution_id: id,
      workflow_version: "1.2.0",
      created_by: "principal",
      input: '{"n":1.0}',
      head_start: { seconds: 5 },
    });
    expect(await harness.events(id)).toEqual(["WORKFLOW_STARTED"]);
    const transitions = await harness.rows(
      "select from_state, to_state, actor_type, sort_key, most_recent from workflow_transition where workflow_execution_id = $1",
      [id],
    );
    expect(transitions).toEqual([
      { from_state: null, to_state: "PENDING", actor_type: "worker", sort_key: 1, most_recent: true },
    ]);
    expect(await harness.rows("select registered_by from queue where name = $1", ["a b/u?"])).toEqual([
      { registered_by: "start_workflow" },
    ]);
  });

  it("SP-22 SP-07 gives a child the partition and root of its parent, and the parent id it was given", async () => {
    const parent = (await harness.startWorkflow()).workflowExecutionId;
    const child = (await harness.startWorkflow({ parentWorkflowExecutionId: parent.toUpperCase() }))
      .workflowExecutionId;
    const grandchild = (await harness.startWorkflow({ parentWorkflowExecutionId: child })).workflowExecutionId;
    const rows = await harness.rows(
      `select id, parent_workflow_execution_id as parent, partition_key, root_execution_id as root
       from workflow_execution where id = any($1) order by id`,
      [[parent, child, grandchild]],
    );
    const facts = { partition_key: partitionOf(parent), root: parent };
    expect(rows).toEqual([
      { id: parent, parent: null, ...facts },
      { id: child, parent, ...facts },
      { id: grandchild, parent: child, ...facts },
    ]);
    expect(await harness.events(parent)).toEqual(["WORKFLOW_STARTED"]);
  });

  it("SP-04 ids of one process ascend with creation", async () => {
    const ids: string[] = [];
    for (let start = 0; start < 1_000; start++) {
      harness.clock.advance(1);
      ids.push((await harness.startWorkflow({ queue: "sp-04" })).workflowExecutionId);
    }
    const rows = await harness.rows<{ id: string }>(
      "select id from workflow_execution where queue = 'sp-04' order by created_at",
    );
    expect(rows.map((row) => row.id)).toEqual([...ids].sort());
    expect(ids).toEqual([...ids].sort());
  });

  it.each([
    ["workflow_kind", { workflowKind: "  " }, "InvalidInput"],
    ["workflow_kind", { workflowKind: "k".repeat(256) }, "InvalidInput"],
    ["workflow_kind", { workflowKind: "a\0b" }, "InvalidInput"],
    ["queue", { queue: "ü" }, "InvalidInput"],
    ["queue", { queue: " q" }, "InvalidInput"],
    ["queue", { queue: "q".repeat(101) }, "InvalidInput"],
    ["input", { input: Buffer.alloc(payloadBytesMax + 1, 0x31) }, "PayloadTooLarge"],
    ["metadata", { metadata: { _flovyn_x: "1" } }, "InvalidInput"],
    ["priority_seconds", { prioritySeconds: 9001 }, "InvalidInput"],
    ["workflow_version", { workflowVersion: "v".repeat(51) }, "InvalidInput"],
    ["idempotency_key", { idempotencyKey: " " }, "InvalidInput"],
    ["idempotency_key", { idempotencyKey: "k".repeat(256) }, "InvalidInput"],
    ["idempotency_key_ttl_seconds", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 2_592_001 }, "InvalidInput"],
    ["parent_workflow_execution_id", { parentWorkflowExecutionId: "{x}" }, "InvalidInput"],
    ["org_id", { orgId: "acme" }, "InvalidInput"],
  ])("refuses a bad %s and writes nothing", async (field, message, code) => {
    const before = await countWorkflows();
    const refusal = harness.startWorkflow(message);
    await expect(refusal).rejects.toMatchObject({ code, field, message: expect.stringContaining(field) });
    expect(await countWorkflows()).toBe(before);
  });

  it("takes the largest payload whole and names the limit for a larger one", async () => {
    const input = Buffer.alloc(payloadBytesMax, 0x31);
    const { workflowExecutionId } = await harness.startWorkflow({ input });
    const [row] = await harness.rows("select octet_length(input) as bytes from workflow_execution where id = $1", [
      workflowExecutionId,
    ]);
    expect(row).toEqual({ bytes: payloadBytesMax });
    expect(() => checkPayload(Buffer.alloc(payloadBytesMax + 1), "input")).toThrow(String(payloadBytesMax));
  });

  it("refuses another org, an unknown org, a foreign parent, and bytes that are no message", async () => {
    await expect(harness.startWorkflow({ orgId: harness.otherOrgId })).rejects.toMatchObject({ code: "Forbidden" });
    const nobody = { caller: { ...harness.caller, orgId: newId() } };
    await expect(harness.startWorkflow({}, nobody)).rejects.toMatchObject({ code: "NotFound" });
    const parent = (await harness.startWorkflow()).workflowExecutionId;
    await expect(harness.startWorkflow({ parentWorkflowExecutionId: parent }, harness.foreign)).rejects.toMatchObject({
      code: "NotFound",
    });
    const garbage = harness.raw("flovyn.v1.WorkflowDispatch/StartWorkflow", Buffer.from([0xff, 0xff]));
    await expect(garbage).rejects.toMatchObject({ code: "InvalidInput" });
  });

  it("answers a bad start alone when good ones travel in its batch", async () => {
    const nobody = { caller: { ...harness.caller, orgId: newId() } };
    const results = await Promise.allSettled([
      harness.startWorkflow({ queue: "mixed" }),
      harness.startWorkflow({ queue: "mixed" }, nobody),
      harness.startWorkflow({ queue: "mixed" }),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("names an operation it does not have", async () => {
    const refusal = harness.raw("flovyn.v1.WorkflowDispatch/ResolvePromise", new Uint8Array());
    await expect(refusal).rejects.toMatchObject({ code: "Unimplemented", message: /ResolvePromise/ });
  });
});

describe("idempotency keys of workflows", () => {
  it("SP-83 twenty concurrent starts over two replicas make one execution", async () => {
    const starts = await Promise.all(
      Array.from({ length: 20 }, () => harness.startWorkflow({ idempotencyKey: "same" })),
    );
    expect(new Set(starts.map((started) => started.workflowExecutionId)).size).toBe(1);
    expect(starts.filter((started) => started.idempotencyKeyNew)).toHaveLength(1);
    expect(starts.every((started) => started.idempotencyKeyUsed)).toBe(true);
  });

  it("is scoped to the org", async () => {
    const ours = await harness.startWorkflow({ idempotencyKey: "scoped" });
    const theirs = await harness.startWorkflow({ idempotencyKey: "scoped" }, harness.foreign);
    expect(theirs).toMatchObject({ idempotencyKeyNew: true });
    expect(theirs.workflowExecutionId).not.toBe(ours.workflowExecutionId);
  });

  it("SP-84 stays with a completed execution and is free after a failed one", async () => {
    const done = await harness.running({ idempotencyKey: "done" });
    await harness.submit({
      workflowExecutionId: done.id,
      status: WorkflowStatus.COMPLETED,
      commands: [command.complete("1")],
    });
    expect(await harness.startWorkflow({ idempotencyKey: "done" })).toMatchObject({
      workflowExecutionId: done.id,
      idempotencyKeyNew: false,
    });
    const broken = await harness.running({ idempotencyKey: "broken" });
    await harness.submit({
      workflowExecutionId: broken.id,
      status: WorkflowStatus.FAILED,
      commands: [command.fail("no")],
    });
    const anew = await harness.startWorkflow({ idempotencyKey: "broken" });
    expect(anew.idempotencyKeyNew).toBe(true);
    expect(anew.workflowExecutionId).not.toBe(broken.id);
  });

  it("is replaced when it expired, and the old owner's end does not free the new one's key", async () => {
    const old = await harness.running({ idempotencyKey: "brief", idempotencyKeyTtlSeconds: 10 });
    harness.clock.advance(9_999);
    expect((await harness.startWorkflow({ idempotencyKey: "brief" })).workflowExecutionId).toBe(old.id);
    harness.clock.advance(1);
    const next = await harness.startWorkflow({ idempotencyKey: "brief" });
    expect(next.idempotencyKeyNew).toBe(true);
    await harness.submit({ workflowExecutionId: old.id, status: WorkflowStatus.FAILED });
    const again = await harness.startWorkflow({ idempotencyKey: "brief" });
    expect(again).toMatchObject({ workflowExecutionId: next.workflowExecutionId, idempotencyKeyNew: false });
  });

  it("held by a task is refused", async () => {
    const parent = await harness.running();
    await harness.submit({
      workflowExecutionId: parent.id,
      commands: [command.schedule(newId(), { idempotencyKey: "of-a-task" })],
    });
    const refusal = harness.startWorkflow({ idempotencyKey: "of-a-task" });
    await expect(refusal).rejects.toMatchObject({ code: "AlreadyExists", field: "idempotency_key" });
  });

  it("is removed by the sweep once it expired", async () => {
    await harness.startWorkflow({ idempotencyKey: "swept", idempotencyKeyTtlSeconds: 1 });
    const left = () => harness.rows("select 1 from idempotency_key where key = 'swept'");
    await createCleanUpSweep(harness.context).runOnce();
    expect(await left()).toHaveLength(1);
    harness.clock.advance(1_000);
    await createCleanUpSweep(harness.context).runOnce();
    expect(await left()).toHaveLength(0);
  });
});
