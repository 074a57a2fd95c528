import { principalOf } from "@flovyn/bus";
import { markWorkersSeen } from "@flovyn/db";
import { newId } from "@flovyn/domain";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDeadlineLoop } from "../src/loops/deadlines.js";
import { createOverdueWorkSweep } from "../src/loops/overdue-work.js";
import { createReclaimSweep } from "../src/loops/reclaim.js";
import { Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

const status = async (id: string) => (await harness.row<{ status: string }>(id)).status;
const seen = (workerKey: string, lost = false, caller = harness.caller) =>
  markWorkersSeen(harness.context.db, {
    now: harness.clock.now(),
    seen: [{ orgId: harness.orgId, principal: principalOf(caller), workerKey, lost, session: false }],
  });

/** Passes until one finds less than a full batch, as the loop does. */
async function drain(loop: { runOnce(): Promise<number> }): Promise<void> {
  while ((await loop.runOnce()) >= 100);
}
const reclaim = () => drain(createReclaimSweep(harness.context, harness.hints));
/** Passes until nothing is due any more. */
async function expire(): Promise<void> {
  const loop = createDeadlineLoop(harness.context, harness.hints);
  while ((await loop.runOnce()).found > 0);
}

describe("claims", () => {
  it("never hand one task out twice, whatever the replicas do at once", async () => {
    const queue = "rush";
    await Promise.all(Array.from({ length: 120 }, () => harness.submit({ queue })));
    const handed: string[] = [];
    const poll = async () => {
      for (;;) {
        const claimed = await harness.claim({ queue, pollers: 7 });
        if (claimed.length === 0) return;
        handed.push(...claimed.map((task) => task.taskExecutionId));
      }
    };
    await Promise.all(Array.from({ length: 8 }, poll));
    expect(handed).toHaveLength(120);
    expect(new Set(handed).size).toBe(120);
    await Promise.all(handed.map((taskExecutionId) => harness.complete({ taskExecutionId })));
  });

  it("keep to the kinds that were asked for, oldest first, and carry what a worker needs", async () => {
    const queue = "kinds";
    const ids: string[] = [];
    for (const kind of ["a", "b", "a"]) {
      harness.clock.advance(1);
      ids.push((await harness.submit({ queue, kind, maxRetries: 5 })).taskExecutionId);
    }
    const only = await harness.claim({ queue, kinds: ["a"], pollers: 5, leaseMs: 9_000 });
    expect(only.map((task) => task.taskExecutionId)).toEqual([ids[0], ids[2]]);
    expect(only[0]).toMatchObject({
      kind: "a",
      workflowExecutionId: "",
      executionCount: 1,
      queue,
      claimEpoch: 1,
      leaseMs: 9_000,
      maxRetries: 5,
    });
    expect(await harness.claim({ queue, kinds: ["a"] })).toEqual([]);
    expect(await harness.claim({ queue })).toHaveLength(1);
  });

  it("can be given back by exactly the claim that was made", async () => {
    const { taskExecutionId, claimEpoch, queue } = await harness.running();
    const hints = await harness.hintsOf("task", queue);
    expect(await harness.release(taskExecutionId, claimEpoch + 1)).toBe(0);
    expect(await harness.release(taskExecutionId, claimEpoch)).toBe(1);
    expect(await harness.release(taskExecutionId, claimEpoch)).toBe(0);
    expect(await hints.count()).toBe(1);
    expect(await harness.row(taskExecutionId)).toMatchObject({ status: "PENDING", reclaim_count: 1, failure_count: 0 });
  });
});

describe("Heartbeat", () => {
  it("extends the lease of the current claim and tells others that they lost it", async () => {
    const { taskExecutionId, claimEpoch } = await harness.running({}, { leaseMs: 8_000 });
    harness.clock.advance(5_000);
    await harness.heartbeat({ taskExecutionId, claimEpoch });
    const lease = { lease_expires_at: new Date(harness.clock.now() + 8_000) };
    expect(await harness.row(taskExecutionId)).toMatchObject(lease);
    const stale = harness.heartbeat({ taskExecutionId, claimEpoch: claimEpoch + 1 });
    await expect(stale).rejects.toMatchObject({ code: "StaleClaim", reason: "STALE_LEASE" });
    const huge = harness.heartbeat({ taskExecutionId, claimEpoch: 2 ** 40 });
    await expect(huge).rejects.toMatchObject({ code: "StaleClaim" });
    await harness.release(taskExecutionId, claimEpoch);
    const revoked = harness.heartbeat({ taskExecutionId, claimEpoch });
    await expect(revoked).rejects.toMatchObject({ code: "WrongState", reason: "LEASE_REVOKED" });
    await expect(harness.heartbeat({ taskExecutionId: newId() })).rejects.toMatchObject({ code: "NotFound" });
  });

  it("answers each of several beats for one task that travel together for itself", async () => {
    const { taskExecutionId, claimEpoch } = await harness.running();
    const beat = { taskExecutionId, claimEpoch };
    // All of one turn; each replica puts its share into one batch.
    const results = await Promise.allSettled([
      ...[beat, beat].map((message) => harness.heartbeat(message)),
      ...[beat, beat].map((message) => harness.heartbeat(message, harness.foreign)),
      ...[beat, beat].map((message) => harness.heartbeat({ ...message, claimEpoch: claimEpoch + 1 })),
    ]);
    expect(results.map((result) => (result.status === "rejected" ? result.reason.code : "OK"))).toEqual([
      ...["OK", "OK"],
      ...["NotFound", "NotFound"],
      ...["StaleClaim", "StaleClaim"],
    ]);
  });
});

describe("reclaim sweep", () => {
  it("decision 29 takes back a task 60 s after the last sign of life, however long it runs", async () => {
    const [silent, alive] = [newId(), newId()];
    const left = await harness.running({}, { worker: silent });
    const kept = await harness.running({}, { worker: alive });
    for (let beat = 0; beat < 6; beat++) {
      harness.clock.advance(30_000);
      await seen(alive);
      await reclaim();
      expect(await status(left.taskExecutionId)).toBe(beat === 0 ? "RUNNING" : "PENDING");
    }
    expect(await status(kept.taskExecutionId)).toBe("RUNNING");
    expect(await harness.row(left.taskExecutionId)).toMatchObject({
      claim_epoch: 2,
      reclaim_count: 1,
      failure_count: 0,
    });
    expect(
      await harness.rows("select status, error from task_attempt where task_execution_id = $1", [left.taskExecutionId]),
    ).toEqual([{ status: "RECLAIMED", error: "lease expired" }]);
  });

  it("takes back a lease the poll asked for unless heartbeats renew it", async () => {
    const worker = newId();
    const own = await harness.running({}, { worker, leaseMs: 5_000 });
    const beating = await harness.running({}, { worker, leaseMs: 5_000 });
    harness.clock.advance(4_999);
    await harness.heartbeat({ taskExecutionId: beating.taskExecutionId });
    await seen(worker);
    harness.clock.advance(1);
    await reclaim();
    expect([await status(own.taskExecutionId), await status(beating.taskExecutionId)]).toEqual(["PENDING", "RUNNING"]);
  });

  it("takes back the tasks of a broken session after a grace, unless the worker is back", async () => {
    const [gone, back] = [newId(), newId()];
    const left = await harness.running({}, { worker: gone });
    const kept = await harness.running({}, { worker: back });
    const hints = await harness.hintsOf("task", left.queue);
    await Promise.all([seen(gone, true), seen(back, true)]);
    harness.clock.advance(1_999);
    await reclaim();
    expect(await status(left.taskExecutionId)).toBe("RUNNING");
    await seen(back);
    harness.clock.advance(1);
    await Promise.all([reclaim(), reclaim()]);
    expect([await status(left.taskExecutionId), await status(kept.taskExecutionId)]).toEqual(["PENDING", "RUNNING"]);
    expect(await harness.row(left.taskExecutionId)).toMatchObject({ claim_epoch: 2, reclaim_count: 1 });
    expect(await hints.count()).toBe(1);
  });

  it("takes a worker of the same id of another principal for another worker, lost or alive", async () => {
    const worker = newId();
    const { neighbour } = harness;
    const mine = await harness.running({}, { worker });
    const theirs = await harness.running({}, { worker, caller: neighbour });
    await seen(worker);
    await seen(worker, true, neighbour);
    harness.clock.advance(2_000);
    await reclaim();
    expect([await status(mine.taskExecutionId), await status(theirs.taskExecutionId)]).toEqual(["RUNNING", "PENDING"]);
    harness.clock.advance(58_000);
    await seen(worker, false, neighbour);
    await reclaim();
    expect(await status(mine.taskExecutionId)).toBe("PENDING");
  });

  it("SP-77 gives a task up at the 101st lost worker and tells the workflow", async () => {
    const workflow = await harness.waitingWorkflow(1);
    const [id = ""] = workflow.taskIds;
    await harness.rows("update task_execution set reclaim_count = 100 where id = $1", [id]);
    await harness.claim({ queue: workflow.queue, leaseMs: 5_000 });
    harness.clock.advance(5_000);
    await reclaim();
    expect(await harness.row(id)).toMatchObject({ status: "FAILED", terminal_reason: "MAX_RECLAIMS" });
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED", "TASK_FAILED"]);
  });
});

describe("deadline sweep", () => {
  it("SP-75 fails a task past its deadline while it waits, runs, or backs off", async () => {
    const retryPolicy = '{"strategy":"fixed","baseMs":1000,"jitter":0}';
    const waiting = await harness.submit({ timeoutMs: 1_000, queue: newId() });
    const running = await harness.running({ timeoutMs: 1_000 });
    const backing = await harness.running({ timeoutMs: 1_000, maxRetries: 3, retryPolicy });
    await harness.fail({ taskExecutionId: backing.taskExecutionId });
    const later = await harness.submit({ timeoutMs: 1_001, queue: newId() });
    const ids = [waiting, running, backing].map((task) => task.taskExecutionId);
    await expire();
    for (const id of ids) expect(await status(id)).not.toBe("FAILED");
    harness.clock.advance(1_000);
    await expire();
    for (const id of ids) {
      const row = await harness.row(id);
      expect(row).toMatchObject({ status: "FAILED", terminal_reason: "DEADLINE" });
      expect(row.error).toContain("timed out");
    }
    expect(await status(later.taskExecutionId)).toBe("PENDING");
    expect(
      await harness.rows("select status from task_attempt where task_execution_id = $1", [running.taskExecutionId]),
    ).toEqual([{ status: "TIMEOUT" }]);
  });

  it("SP-75 holds before the sweep comes by: no claim, no completion", async () => {
    const queue = newId();
    await harness.submit({ timeoutMs: 1_000, queue });
    const workflow = await harness.waitingWorkflow(1);
    const [id = ""] = workflow.taskIds;
    await harness.claim({ queue: workflow.queue });
    await harness.rows("update task_execution set deadline_at = $1 where id = $2", [
      new Date(harness.clock.now() + 1_000),
      id,
    ]);
    harness.clock.advance(1_000);
    expect(await harness.claim({ queue })).toEqual([]);
    await harness.complete({ taskExecutionId: id });
    expect(await harness.row(id)).toMatchObject({ status: "FAILED", terminal_reason: "DEADLINE", output: null });
    await Promise.all([expire(), expire()]);
    expect(await harness.events(workflow.id)).toEqual(["WORKFLOW_STARTED", "TASK_FAILED"]);
  });
});

describe("overdue-work sweep", () => {
  it("repeats the hint of a queue whose work nobody took, once its back-off is over", async () => {
    const task = await harness.running({
      maxRetries: 1,
      retryPolicy: '{"strategy":"fixed","baseMs":30000,"jitter":0}',
    });
    const hints = await harness.hintsOf("task", task.queue);
    await harness.fail({ taskExecutionId: task.taskExecutionId });
    const sweep = createOverdueWorkSweep(harness.context);
    harness.clock.advance(30_299);
    await sweep.runOnce();
    expect(await hints.count()).toBe(0);
    harness.clock.advance(1);
    await sweep.runOnce();
    expect(await hints.count()).toBe(1);
    await harness.claim({ queue: task.queue });
    await sweep.runOnce();
    expect(await hints.count()).toBe(0);
  });
});
