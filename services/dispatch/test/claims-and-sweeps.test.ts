import { principalOf } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import {
  GetWorkflowRequest,
  ListEventsRequest,
  ListEventsResponse,
  ListWorkflowsRequest,
  ListWorkflowsResponse,
  ReleaseRequest,
  ReleaseResponse,
  WorkersSeenRequest,
  WorkersSeenResponse,
  WorkflowView,
} from "@flovyn/proto/internal";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOverdueWorkSweep } from "../src/loops/overdue-work.js";
import { createReclaimSweep } from "../src/loops/reclaim.js";
import { command, Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const seen = (workerId: string, lost = false, session = false, caller = harness.caller) =>
  harness.call("internal/WorkersSeen", [WorkersSeenRequest, WorkersSeenResponse], {
    workers: [{ orgId: harness.orgId, principal: principalOf(caller), workerId, lost, session }],
  });
const cancel = (id: string, reason = "changed my mind", header = {}) =>
  harness.call(
    "flovyn.ext.v1.WorkflowClient/CancelWorkflow",
    [CancelWorkflowRequest, CancelWorkflowResponse],
    { workflowExecutionId: id, reason },
    header,
  );

describe("claims", () => {
  it("never hand one execution out twice, whatever the replicas do at once", async () => {
    const queue = "rush";
    await Promise.all(Array.from({ length: 120 }, () => harness.startWorkflow({ queue })));
    const handed: string[] = [];
    const poll = async () => {
      for (;;) {
        const claimed = await harness.claim({ queue, pollers: 7 });
        if (claimed.length === 0) return;
        handed.push(...claimed.map((execution) => execution.id));
      }
    };
    await Promise.all(Array.from({ length: 8 }, poll));
    expect(handed).toHaveLength(120);
    expect(new Set(handed).size).toBe(120);
    const rows = await harness.rows(
      "select count(*)::int as count from workflow_execution where queue = $1 and status = 'RUNNING' and claim_epoch = 1",
      [queue],
    );
    expect(rows).toEqual([{ count: 120 }]);
  });

  it("hand out by priority, then by age, and only the kinds that were asked for", async () => {
    const queue = "ordered";
    const start = async (workflowKind: string, prioritySeconds: number) => {
      harness.clock.advance(1_000);
      return (await harness.startWorkflow({ queue, workflowKind, prioritySeconds })).workflowExecutionId;
    };
    const ids = [await start("a", 0), await start("b", 0), await start("a", 60), await start("a", -60)];
    expect((await harness.claim({ queue, kinds: ["b", "c"], pollers: 5 })).map((one) => one.id)).toEqual([ids[1]]);
    expect(await harness.claim({ queue, kinds: ["c"] })).toEqual([]);
    const rest = await harness.claim({ queue, pollers: 5 });
    expect(rest.map((one) => one.id)).toEqual([ids[2], ids[0], ids[3]]);
  });

  it("give all work to pollers that ask together, each with its own kinds", async () => {
    const queue = "kinds";
    await Promise.all(["a", "a", "b", "b"].map((workflowKind) => harness.startWorkflow({ queue, workflowKind })));
    const claims = await Promise.all([
      harness.claim({ queue, kinds: ["a", "b"], pollers: 2 }),
      harness.claim({ queue, kinds: ["b", "a"], pollers: 2 }),
    ]);
    expect(claims.map((claim) => claim.length)).toEqual([2, 2]);
  });

  it("carry what a worker needs, with a clock that moves on between activations", async () => {
    const first = await harness.running({ workflowVersion: "2" });
    expect(first).toMatchObject({ kind: "order", orgId: harness.orgId, currentSequence: 1, claimEpoch: 1 });
    expect(first.workflowVersion).toBe("2");
    await harness.call("internal/ReleaseWorkflows", [ReleaseRequest, ReleaseResponse], {
      items: [{ id: first.id, claimEpoch: first.claimEpoch }],
    });
    const [second] = await harness.claim({ queue: first.queue });
    expect(second).toMatchObject({ id: first.id, claimEpoch: 3 });
    expect(second?.workflowTaskTimeMillis).toBeGreaterThan(first.workflowTaskTimeMillis ?? 0);
  });

  it("can be given back by exactly the claim that was made, with a hint", async () => {
    const { id, queue, claimEpoch } = await harness.running();
    const hints = await harness.hints("workflow", queue);
    const release = (epoch: number) =>
      harness.call("internal/ReleaseWorkflows", [ReleaseRequest, ReleaseResponse], {
        items: [{ id, claimEpoch: epoch }],
      });
    expect(await release(claimEpoch + 1)).toEqual({ released: 0 });
    expect(await hints.count()).toBe(0);
    expect(await release(claimEpoch)).toEqual({ released: 1 });
    expect(await hints.count()).toBe(1);
    expect(await release(claimEpoch)).toEqual({ released: 0 });
  });
});

describe("reclaim sweep", () => {
  /** Passes until one finds less than a full batch, as the loop does. */
  const sweep = async () => {
    const loop = createReclaimSweep(harness.context);
    let [total, items] = [0, 0];
    do {
      items = await loop.runOnce();
      total += items;
    } while (items >= 100);
    return total;
  };

  it("takes back the work of a worker that fell silent, not of one that still polls", async () => {
    const [silent, alive] = [newId(), newId()];
    await Promise.all([seen(silent), seen(alive)]);
    const left = await harness.running({}, { worker: silent });
    const kept = await harness.running({}, { worker: alive });
    harness.clock.advance(59_000);
    await seen(alive);
    harness.clock.advance(1_000);
    const hints = await harness.hints("workflow", left.queue);
    await sweep();
    expect([await harness.status(left.id), await harness.status(kept.id)]).toEqual(["PENDING", "RUNNING"]);
    expect(await hints.count()).toBe(1);
    const late = harness.submit({ workflowExecutionId: left.id, claimEpoch: left.claimEpoch });
    await expect(late).rejects.toMatchObject({ code: "StaleClaim" });
    const [again] = await harness.claim({ queue: left.queue });
    expect(again).toMatchObject({ id: left.id, claimEpoch: 3 });
    const moves = await harness.rows(
      "select to_state, reason from workflow_transition where workflow_execution_id = $1 order by sort_key",
      [left.id],
    );
    expect(moves).toEqual([
      { to_state: "PENDING", reason: null },
      { to_state: "RUNNING", reason: null },
      { to_state: "PENDING", reason: "lease expired" },
      { to_state: "RUNNING", reason: null },
    ]);
  });

  it("takes back an activation that a live worker never reports", async () => {
    const worker = newId();
    const held = await harness.running({}, { worker });
    harness.clock.advance(60_000 + 599_999);
    await seen(worker);
    await sweep();
    expect(await harness.status(held.id)).toBe("RUNNING");
    harness.clock.advance(1);
    await sweep();
    expect(await harness.status(held.id)).toBe("PENDING");
  });

  it("takes back a lease the poll asked for when it ends, whatever else the worker does", async () => {
    const worker = newId();
    const own = await harness.running({}, { worker, leaseMs: 5_000 });
    harness.clock.advance(4_999);
    await sweep();
    expect(await harness.status(own.id)).toBe("RUNNING");
    harness.clock.advance(1);
    await seen(worker);
    await sweep();
    expect(await harness.status(own.id)).toBe("PENDING");
  });

  it("takes back the work of a session that died together with its gateway, long before its lease ends", async () => {
    const [gone, alive] = [newId(), newId()];
    const left = await harness.running({}, { worker: gone });
    const kept = await harness.running({}, { worker: alive });
    for (const worker of [gone, alive]) await seen(worker, false, true);
    harness.clock.advance(14_999);
    await sweep();
    expect(await harness.status(left.id)).toBe("RUNNING");
    await seen(alive, false, false);
    harness.clock.advance(2_001);
    await sweep();
    expect([await harness.status(left.id), await harness.status(kept.id)]).toEqual(["PENDING", "RUNNING"]);
  });

  it("takes back the work of a broken session after a grace, unless the worker is back", async () => {
    const [gone, back] = [newId(), newId()];
    const left = await harness.running({}, { worker: gone });
    const kept = await harness.running({}, { worker: back });
    await Promise.all([seen(gone, true), seen(back, true)]);
    harness.clock.advance(1_999);
    await sweep();
    expect(await harness.status(left.id)).toBe("RUNNING");
    await seen(back);
    harness.clock.advance(1);
    await sweep();
    expect([await harness.status(left.id), await harness.status(kept.id)]).toEqual(["PENDING", "RUNNING"]);
  });

  it("takes a worker of the same id of another principal for another worker, lost or alive", async () => {
    const worker = newId();
    const { neighbour } = harness;
    const mine = await harness.running({}, { worker });
    const theirs = await harness.running({}, { worker, caller: neighbour });
    await Promise.all([seen(worker), seen(worker, true, false, neighbour)]);
    harness.clock.advance(2_000);
    await sweep();
    expect([await harness.status(mine.id), await harness.status(theirs.id)]).toEqual(["RUNNING", "PENDING"]);
    harness.clock.advance(58_000);
    await seen(worker, false, false, neighbour);
    await sweep();
    expect(await harness.status(mine.id)).toBe("PENDING");
  });

  it("run by two replicas at once takes each claim back once", async () => {
    const worker = newId();
    const runs = await Promise.all(Array.from({ length: 10 }, () => harness.running({}, { worker })));
    harness.clock.advance(60_000);
    const taken = await Promise.all([sweep(), sweep(), sweep()]);
    expect(taken.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(10);
    const rows = await harness.rows(
      "select count(*)::int as count from workflow_execution where id = any($1) and claim_epoch = 2 and status = 'PENDING'",
      [runs.map((run) => run.id)],
    );
    expect(rows).toEqual([{ count: 10 }]);
  });
});

describe("overdue-work sweep", () => {
  it("repeats the hint of a queue whose work nobody took, and of no other", async () => {
    await harness.startWorkflow({ queue: "forgotten" });
    const [forgotten, quiet] = [await harness.hints("workflow", "forgotten"), await harness.hints("workflow", "quiet")];
    await createOverdueWorkSweep(harness.context).runOnce();
    expect(await forgotten.count()).toBe(0);
    harness.clock.advance(300);
    await createOverdueWorkSweep(harness.context).runOnce();
    expect([await forgotten.count(), await quiet.count()]).toEqual([1, 0]);
    await harness.claim({ queue: "forgotten" });
    await createOverdueWorkSweep(harness.context).runOnce();
    expect(await forgotten.count()).toBe(0);
  });
});

describe("CancelWorkflow", () => {
  it("ends a workflow and its tasks in whatever status they are, and frees its key", async () => {
    const { id, claimEpoch } = await harness.running({ idempotencyKey: "cancel-me" });
    const tasks = [newId(), newId()];
    await harness.submit({
      workflowExecutionId: id,
      claimEpoch,
      commands: tasks.map((task) => command.schedule(task)),
    });
    expect(await cancel(id)).toEqual({ cancelled: true, status: "CANCELLED", cancelledChildren: 0 });
    expect(await cancel(id)).toEqual({ cancelled: false, status: "CANCELLED", cancelledChildren: 0 });
    const rows = await harness.rows(
      "select status, cancellation_reason, cancelled_by, completed_at is not null as ended from task_execution where id = any($1)",
      [tasks],
    );
    const row = { status: "CANCELLED", cancellation_reason: "changed my mind", cancelled_by: "principal", ended: true };
    expect(rows).toEqual([row, row]);
    expect(await harness.events(id)).toEqual([
      "WORKFLOW_STARTED",
      "TASK_SCHEDULED",
      "TASK_SCHEDULED",
      "CANCELLATION_REQUESTED",
      "WORKFLOW_CANCELLED",
    ]);
    expect((await harness.startWorkflow({ idempotencyKey: "cancel-me" })).idempotencyKeyNew).toBe(true);
  });

  it("ends a RUNNING workflow at once and ignores what its worker still sends", async () => {
    const { id, claimEpoch } = await harness.running();
    await cancel(id);
    await harness.submit({ workflowExecutionId: id, claimEpoch, commands: [command.schedule(newId())] });
    expect((await harness.events(id)).at(-1)).toBe("WORKFLOW_CANCELLED");
  });

  it("leaves a completed workflow alone; refuses bad, foreign, missing and wrongly tagged ids", async () => {
    const { id } = await harness.running();
    await harness.submit({ workflowExecutionId: id, status: WorkflowStatus.COMPLETED });
    expect(await cancel(id)).toEqual({ cancelled: false, status: "COMPLETED", cancelledChildren: 0 });
    await expect(cancel(id, "", harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
    await expect(cancel(newId())).rejects.toMatchObject({ code: "NotFound", field: "workflow_execution_id" });
    await expect(cancel("{fp:256}:x")).rejects.toMatchObject({ code: "InvalidInput", reason: "INVALID_PARTITION" });
    await expect(cancel(id, "r".repeat(501))).rejects.toMatchObject({ code: "InvalidInput", field: "reason" });
    const [row] = await harness.rows<{ key: number }>(
      "select partition_key as key from workflow_execution where id = $1",
      [id],
    );
    const wrong = ((row?.key ?? 0) + 1) % 256;
    await expect(cancel(`{fp:${wrong}}:${id}`)).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("reads", () => {
  const get = (id: string, header = {}) =>
    harness.call("internal/GetWorkflow", [GetWorkflowRequest, WorkflowView], { id }, header);
  const list = (message: Partial<ListWorkflowsRequest>) =>
    harness.call("internal/ListWorkflows", [ListWorkflowsRequest, ListWorkflowsResponse], { limit: 2, ...message });

  it("SP-24 show one execution by either form of its id, to its own org", async () => {
    const { workflowExecutionId: id } = await harness.startWorkflow({ metadata: { a: "1" } });
    const view = await get(id);
    expect(view).toMatchObject({ id, status: "PENDING", metadata: '{"a": "1"}', rootExecutionId: id });
    expect((await get(`{fp:${view.partitionKey}}:${id}`)).id).toBe(id);
    const wrong = `{fp:${(view.partitionKey + 1) % 256}}:${id}`;
    await expect(get(wrong)).rejects.toMatchObject({ code: "NotFound" });
    await expect(get(id, harness.foreign)).rejects.toMatchObject({ code: "NotFound" });
    await expect(get(newId())).rejects.toMatchObject({ code: "NotFound", field: "workflow_execution_id" });
    await expect(get("nope")).rejects.toMatchObject({ code: "InvalidInput", field: "id" });
  });

  it("list newest first, page by page, each execution once", async () => {
    const ids: string[] = [];
    for (let start = 0; start < 5; start++)
      ids.push((await harness.startWorkflow({ queue: "listed" })).workflowExecutionId);
    const pages: string[][] = [];
    let cursor = "";
    do {
      const page = await list({ queue: "listed", cursor });
      expect(page.total).toBe(5);
      pages.push(page.workflows.map((workflow) => workflow.id));
      cursor = page.nextCursor;
    } while (cursor !== "");
    expect(pages).toEqual([[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]);
    expect((await list({ queue: "listed", status: "running" })).workflows).toEqual([]);
  });

  it.each([
    ["limit", { limit: 0 }],
    ["limit", { limit: 101 }],
    ["status", { status: "DONE" }],
    ["cursor", { cursor: "AAAA" }],
  ])("refuse a bad %s", async (field, message) => {
    await expect(list(message)).rejects.toMatchObject({ code: "InvalidInput", field });
  });

  it("page through events with their times; an unknown execution is not an empty history", async () => {
    const { workflowExecutionId } = await harness.startWorkflow();
    const types = [ListEventsRequest, ListEventsResponse] as const;
    const page = await harness.call("internal/ListEvents", types, { workflowExecutionId });
    expect(page.events).toMatchObject([{ sequence: 1, createdAtMs: harness.clock.now() }]);
    const rest = await harness.call("internal/ListEvents", types, { workflowExecutionId, sinceSequence: 1 });
    expect(rest.events).toEqual([]);
    const missing = harness.call("internal/ListEvents", types, { workflowExecutionId: newId() });
    await expect(missing).rejects.toBeInstanceOf(DomainError);
  });
});
