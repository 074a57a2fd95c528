/**
 * Idempotency keys, with two replicas of every service: one space for workflows, tasks and promises, with one holder of each
 * key whatever happens at the same time, and the rules by which a key becomes free. Ids that workers choose follow.
 */
import { newId } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, codes } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

const daySeconds = 86_400;

let cluster: Cluster;
let calls: Calls;
let foreign: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
  foreign = new Calls(cluster, { ...cluster.caller, orgId: cluster.otherOrgId });
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const holderOf = async (key: string) => {
  const [row] = await cluster.rows<{ holder: string; ttl: number }>(
    `select coalesce(workflow_execution_id, task_execution_id, promise_id) as holder,
       extract(epoch from expires_at - created_at)::int as ttl
     from idempotency_key where org_id = $1 and key = $2`,
    [cluster.orgId, key],
  );
  return row;
};

/** What takes a key, and gives the id of what holds it then. */
const holders = {
  "a workflow": async (key: string) => (await calls.start({ idempotencyKey: key })).id,
  "a task of its own": async (key: string) => (await calls.submitTask({ idempotencyKey: key })).taskExecutionId,
  "a task of a workflow": async (key: string) => {
    const id = newId();
    await calls.waiting([command.scheduleTask(id, { idempotencyKey: key })]);
    return id;
  },
  "a promise": async (key: string) => {
    const order = await calls.waiting([command.createPromise("p", { idempotencyKey: key })]);
    return (await calls.eventsOf(order.id, "PROMISE_CREATED"))[0]?.data.promiseId as string;
  },
};
type Holder = keyof typeof holders;

describe("one space", () => {
  const taken = { code: "AlreadyExists", field: "idempotency_key" };
  const names = Object.keys(holders) as Holder[];

  it.each(names)("a key of %s keeps all others from it", async (name) => {
    const key = newId();
    const id = await holders[name](key);
    expect(await holderOf(key)).toEqual({ holder: id, ttl: daySeconds });
    if (name !== "a workflow") await expect(calls.start({ idempotencyKey: key })).rejects.toMatchObject(taken);
    if (!name.startsWith("a task")) {
      await expect(calls.submitTask({ idempotencyKey: key })).rejects.toMatchObject(taken);
    }
    const claimed = await calls.running();
    const promise = command.createPromise("other", { idempotencyKey: key });
    await expect(calls.submit(claimed, [promise])).rejects.toMatchObject({ code: "WrongState", reason: "KEY_TAKEN" });
    // A task of a workflow runs without the key: a refusal would strand the workflow.
    const task = newId();
    await calls.submit(claimed, [command.scheduleTask(task, { idempotencyKey: key })]);
    expect(await calls.eventsOf(claimed.id, "TASK_SCHEDULED")).toHaveLength(1);
    expect(await holderOf(key)).toEqual({ holder: id, ttl: daySeconds });
    await calls.completeTask(await calls.claimTask(claimed.queue));
    expect(await calls.status(claimed.id)).toBe("PENDING");
  });

  it("gives the execution that holds the key, also for another kind and other input", async () => {
    const key = newId();
    const first = await calls.start({ idempotencyKey: key });
    const again = await calls.start({ idempotencyKey: key, workflowKind: "other", input: Buffer.from("2") });
    expect(again).toMatchObject({ id: first.id, isNew: false });
  });

  it("gives the task that holds the key, and refuses another kind", async () => {
    const key = newId();
    const first = await calls.submitTask({ idempotencyKey: key });
    expect(first).toMatchObject({ idempotencyKeyUsed: true, idempotencyKeyNew: true });
    const again = await calls.submitTask({ idempotencyKey: key });
    expect(again).toEqual({ ...first, idempotencyKeyNew: false });
    await expect(calls.submitTask({ idempotencyKey: key, kind: "ship" })).rejects.toMatchObject(taken);
  });

  it("is another one in each organization", async () => {
    const key = newId();
    const ours = await calls.start({ idempotencyKey: key });
    const theirs = await foreign.start({ idempotencyKey: key });
    expect(theirs).toMatchObject({ isNew: true });
    expect((await calls.start({ idempotencyKey: key })).id).toBe(ours.id);
  });
});

describe("at the same time", () => {
  const many = Array.from({ length: 30 });

  it("30 starts with one key create one execution", async () => {
    const key = newId();
    const started = await Promise.all(many.map(() => calls.start({ idempotencyKey: key })));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    expect(started.filter(({ isNew }) => isNew)).toHaveLength(1);
    const rows = await cluster.rows("select id from workflow_execution where queue = any($1)", [
      started.map(({ queue }) => queue),
    ]);
    expect(rows).toEqual([{ id: started[0]?.id }]);
  });

  it("30 tasks with one key are one task", async () => {
    const key = newId();
    const queue = `q-${key}`;
    const tasks = await Promise.all(many.map(() => calls.submitTask({ idempotencyKey: key, queue })));
    expect(tasks.filter(({ idempotencyKeyNew }) => idempotencyKeyNew)).toHaveLength(1);
    const rows = await cluster.rows("select id from task_execution where queue = $1", [queue]);
    expect(rows).toEqual([{ id: tasks[0]?.taskExecutionId }]);
  });

  it("a workflow, a task and promises that want one key: one of them gets it, whatever is answered", async () => {
    for (let round = 0; round < 15; round++) {
      const key = newId();
      const claimed = await Promise.all([calls.running(), calls.running()]);
      const promise = command.createPromise("p", { idempotencyKey: key });
      const answers = await codes([
        ...[calls.start({ idempotencyKey: key }), calls.submitTask({ idempotencyKey: key })],
        ...claimed.map((one) => calls.submit(one, [promise])),
      ]);
      expect(answers.filter((answer) => answer === "OK")).toHaveLength(1);
      expect(answers.slice(0, 2).filter((answer) => answer !== "OK" && answer !== "AlreadyExists")).toEqual([]);
      expect(answers.slice(2).filter((answer) => answer !== "OK" && answer !== "WrongState")).toEqual([]);
      expect(await holderOf(key)).toBeDefined();
    }
  });

  it("an expired key goes to one of many", async () => {
    const key = newId();
    const old = await calls.start({ idempotencyKey: key, idempotencyKeyTtlSeconds: 1 });
    cluster.clock.advance(1_000);
    const started = await Promise.all(many.map(() => calls.start({ idempotencyKey: key })));
    expect(new Set(started.map(({ id }) => id)).size).toBe(1);
    expect(started[0]?.id).not.toBe(old.id);
  });

  it("a start and the failure of the holder: the start gets the old execution or a new one", async () => {
    for (let round = 0; round < 30; round++) {
      const key = newId();
      const claimed = await calls.running({ idempotencyKey: key });
      const [, started] = await Promise.all([
        calls.submit(claimed, [command.fail("no")], { status: WorkflowStatus.FAILED }),
        calls.start({ idempotencyKey: key }),
      ]);
      expect(started.isNew).toBe(started.id !== claimed.id);
      expect((await holderOf(key))?.holder).toBe(started.isNew ? started.id : undefined);
    }
  });
});

describe("a key becomes free", () => {
  it.each<[string, boolean, (key: string) => Promise<unknown>]>([
    ["not while a workflow lives", false, (key) => calls.waiting([], { idempotencyKey: key })],
    ["not when a workflow completed", false, async (key) => calls.complete(await calls.start({ idempotencyKey: key }))],
    ["when a workflow failed", true, async (key) => calls.fail(await calls.start({ idempotencyKey: key }))],
    ["when a workflow was cancelled", true, async (key) => calls.cancel(await calls.start({ idempotencyKey: key }))],
    [
      "when a workflow gave up",
      true,
      async (key) =>
        calls.activate(await calls.start({ idempotencyKey: key }), [], { status: WorkflowStatus.CANCELLED }),
    ],
  ])("%s", async (_, free, use) => {
    const key = newId();
    await use(key);
    expect((await calls.start({ idempotencyKey: key })).isNew).toBe(free);
  });

  it.each<[string, boolean, (task: { id: string; queue: string }) => Promise<unknown>]>([
    ["not while a task lives", false, ({ queue }) => calls.claimTask(queue)],
    ["not when a task completed", false, async ({ queue }) => calls.completeTask(await calls.claimTask(queue))],
    ["when a task failed", true, async ({ queue }) => calls.failTask(await calls.claimTask(queue))],
  ])("%s", async (_, free, use) => {
    const [key, queue] = [newId(), `q-${newId()}`];
    const { taskExecutionId } = await calls.submitTask({ idempotencyKey: key, queue });
    await use({ id: taskExecutionId, queue });
    expect((await calls.submitTask({ idempotencyKey: key })).idempotencyKeyNew).toBe(free);
  });

  it("when a task was cancelled with its workflow", async () => {
    const key = newId();
    const order = await calls.waiting([command.scheduleTask(newId(), { idempotencyKey: key })]);
    await calls.cancel(order);
    expect((await calls.submitTask({ idempotencyKey: key })).idempotencyKeyNew).toBe(true);
  });

  it("when its time is over, and not a moment before", async () => {
    const [short, standard, long] = [newId(), newId(), newId()];
    await calls.start({ idempotencyKey: short, idempotencyKeyTtlSeconds: 1 });
    await calls.start({ idempotencyKey: standard });
    await calls.start({ idempotencyKey: long, idempotencyKeyTtlSeconds: 30 * daySeconds });
    const fresh = async (key: string) => (await calls.start({ idempotencyKey: key })).isNew;
    cluster.clock.advance(999);
    expect(await fresh(short)).toBe(false);
    cluster.clock.advance(1);
    expect(await fresh(short)).toBe(true);
    cluster.clock.advance(daySeconds * 1_000 - 1_001);
    expect(await fresh(standard)).toBe(false);
    cluster.clock.advance(1);
    expect(await fresh(standard)).toBe(true);
    cluster.clock.advance(29 * daySeconds * 1_000 - 1);
    expect(await fresh(long)).toBe(false);
    cluster.clock.advance(1);
    expect(await fresh(long)).toBe(true);
  });

  it("for good: the late end of the execution that had it does not take it from the next one", async () => {
    const key = newId();
    const old = await calls.running({ idempotencyKey: key, idempotencyKeyTtlSeconds: 1 });
    cluster.clock.advance(1_000);
    const next = await calls.start({ idempotencyKey: key });
    await calls.submit(old, [command.fail("no")], { status: WorkflowStatus.FAILED });
    expect(await calls.start({ idempotencyKey: key })).toMatchObject({ id: next.id, isNew: false });
  });
});

describe("refusals", () => {
  it.each([
    ["idempotency_key", { idempotencyKey: " " }],
    ["idempotency_key", { idempotencyKey: "x".repeat(256) }],
    ["idempotency_key", { idempotencyKey: "a\0b" }],
    ["idempotency_key_ttl_seconds", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 0 }],
    ["idempotency_key_ttl_seconds", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 30 * daySeconds + 1 }],
  ])("name the field: %s", async (field, wrong) => {
    const refusal = { code: "InvalidInput", field };
    await expect(calls.start(wrong)).rejects.toMatchObject(refusal);
    await expect(calls.submitTask(wrong)).rejects.toMatchObject(refusal);
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [command.scheduleTask(newId(), wrong)])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `commands[0].schedule_task.${field}` },
    });
  });

  it("take a key of 255 characters, and an empty one for none", async () => {
    const key = "x".repeat(255);
    const first = await calls.start({ idempotencyKey: key });
    expect((await calls.start({ idempotencyKey: key })).id).toBe(first.id);
    const unkeyed = await Promise.all([calls.start({ idempotencyKey: "" }), calls.start({ idempotencyKey: "" })]);
    expect(new Set(unkeyed.map(({ id }) => id)).size).toBe(2);
  });
});

describe("ids of tasks that workers choose", () => {
  it("go to one of two workflows that want them at the same time, and the other is refused", async () => {
    for (let round = 0; round < 20; round++) {
      const claimed = await Promise.all([calls.running(), calls.running()]);
      const id = newId();
      const answers = await codes(claimed.map((one) => calls.submit(one, [command.scheduleTask(id)])));
      expect(answers.sort()).toEqual(["OK", "WrongState"]);
    }
  });

  it("are spaces of their own beside those of workflows: the first task may have the id of its workflow", async () => {
    const order = await calls.start();
    await calls.activate(order, [command.scheduleTask(order.id)]);
    expect((await calls.claimTask(order.queue)).id).toBe(order.id);
  });
});
