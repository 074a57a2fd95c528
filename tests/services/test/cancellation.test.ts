/**
 * Cancelling, with two replicas of every service: what a caller is told, what goes along, what stays, and what late workers
 * may still do.
 */
import { newId, partitionOf } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Claimed, codes, type Execution, worker } from "./calls.js";
import { Cluster, principalId } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

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

/** Every row that a cancel might write for these executions, as text. */
const everything = (ids: readonly string[]) =>
  Promise.all(
    [
      "select * from workflow_execution where id = any($1) order by id",
      "select * from workflow_event where workflow_execution_id = any($1) order by id",
      "select * from workflow_transition where workflow_execution_id = any($1) order by id",
      "select * from task_execution where workflow_execution_id = any($1) order by id",
      "select * from task_transition where task_execution_id in (select id from task_execution where workflow_execution_id = any($1)) order by id",
      "select * from timer where workflow_execution_id = any($1) order by id",
      "select * from promise where workflow_execution_id = any($1) order by id",
    ].map((text) => cluster.rows(text, [ids])),
  );

const statusesOf = async (table: string, column: string, ids: readonly string[]) => {
  const text = `select status, count(*)::int as count from ${table} where ${column} = any($1) group by status order by status`;
  const rows = await cluster.rows<{ status: string; count: number }>(text, [ids]);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
};
const tasksOf = (...ids: string[]) => statusesOf("task_execution", "workflow_execution_id", ids);
const childrenOf = (...ids: string[]) => statusesOf("workflow_execution", "parent_workflow_execution_id", ids);

describe("SP-110 cancelling twice", () => {
  const live: [string, () => Promise<Execution>][] = [
    ["PENDING", () => calls.start()],
    ["RUNNING", () => calls.running()],
    ["WAITING", () => calls.waiting()],
  ];

  it.each(live)("a %s workflow: it ends at once, then nothing is written", async (status, prepare) => {
    const order = await prepare();
    expect(await calls.status(order.id)).toBe(status);
    const cancelled = { status: "CANCELLED", cancelledChildren: 0 };
    expect(await calls.cancel(order, { reason: "changed" })).toEqual({ ...cancelled, cancelled: true });
    expect((await calls.events(order.id)).slice(1).map(({ type, data }) => [type, data])).toEqual([
      ["CANCELLATION_REQUESTED", { reason: "changed", requestedBy: principalId }],
      ["WORKFLOW_CANCELLED", { reason: "changed" }],
    ]);
    expect(await calls.poll("dispatch", order.queue)).toEqual([]);
    const before = await everything([order.id]);
    expect(await calls.cancel(order, { reason: "again" })).toEqual({ ...cancelled, cancelled: false });
    expect(await everything([order.id])).toEqual(before);
  });

  const ended: [string, (order: Execution) => Promise<unknown>][] = [
    ["COMPLETED", (order) => calls.complete(order)],
    ["FAILED", (order) => calls.fail(order)],
    ["CANCELLED", (order) => calls.activate(order, [], { status: WorkflowStatus.CANCELLED })],
  ];

  it.each(ended)("a %s workflow: it stays as it is", async (status, end) => {
    const order = await calls.start();
    await end(order);
    const owing = "select 1 from workflow_execution where id = $1 and owes_members";
    await waitFor("what follows the end", async () => (await cluster.rows(owing, [order.id])).length === 0);
    const before = await everything([order.id]);
    for (let time = 0; time < 2; time++) {
      expect(await calls.cancel(order)).toEqual({ cancelled: false, status, cancelledChildren: 0 });
    }
    expect(await everything([order.id])).toEqual(before);
  });

  it("a missing one, one of another organization, or under a wrong tag: there is no such execution", async () => {
    const order = await calls.start();
    const partition = partitionOf(order.id);
    const missing = { code: "NotFound" };
    for (let time = 0; time < 2; time++) {
      await expect(calls.cancel({ id: newId() })).rejects.toMatchObject(missing);
      await expect(foreign.cancel(order)).rejects.toMatchObject(missing);
      await expect(calls.cancel({ id: `{fp:${(partition + 1) % 256}}:${order.id}` })).rejects.toMatchObject(missing);
    }
    expect(await calls.status(order.id)).toBe("PENDING");
    expect(await calls.cancel({ id: `{fp:${partition}}:${order.id}` })).toMatchObject({ cancelled: true });
  });

  it("refuses a bad id and a reason over the limit with the name of the field", async () => {
    const order = await calls.start();
    await expect(calls.cancel({ id: "order" })).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: "workflow_execution_id" },
    });
    await expect(calls.cancel(order, { reason: "x".repeat(501) })).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: "reason" },
    });
    expect(await calls.cancel(order, { reason: "x".repeat(500) })).toMatchObject({ cancelled: true });
  });
});

describe("what goes along", () => {
  it("SP-112 a running task: its heartbeat and its late reports are refused", async () => {
    const task = newId();
    const order = await calls.waiting([command.scheduleTask(task)]);
    const claimed = await calls.claimTask(order.queue);
    await calls.heartbeat(claimed);
    await calls.cancel(order, { reason: "changed" });
    const gone = { code: expect.stringMatching(/^(WrongState|StaleClaim)$/) };
    await expect(calls.heartbeat(claimed)).rejects.toMatchObject(gone);
    await expect(calls.heartbeat({ id: task })).rejects.toMatchObject(gone);
    await expect(calls.completeTask(claimed)).rejects.toMatchObject(gone);
    await expect(calls.failTask(claimed)).rejects.toMatchObject(gone);
    // A worker that says nothing of its claim cannot be told apart: accepted, and nothing changes.
    await calls.completeTask({ id: task });
    const [row] = await cluster.rows(
      `select task.status, task.worker_id as worker, lease_expires_at as lease, task.claim_epoch > $2 as raised, task.output,
         attempt.status as attempt
       from task_execution task join task_attempt attempt on task_execution_id = task.id where task.id = $1`,
      [task, claimed.claimEpoch],
    );
    expect(row).toEqual({
      ...{ status: "CANCELLED", worker: null, lease: null, raised: true, output: null, attempt: "CANCELLED" },
    });
    expect(await calls.types(order.id)).toEqual([
      ...["WORKFLOW_STARTED", "TASK_SCHEDULED", "CANCELLATION_REQUESTED", "WORKFLOW_CANCELLED"],
    ]);
  });

  it("SP-113 100 tasks, and 100 children with a task each: as many rows are CANCELLED as there were members", async () => {
    const order = await calls.start();
    const queue = `kids-${newId()}`;
    await calls.activate(order, [
      ...Array.from({ length: 100 }, () => command.scheduleTask(newId())),
      ...Array.from({ length: 100 }, (_, n) => command.scheduleChild(newId(), `child-${n}`, { queue })),
    ]);
    const children: Claimed[] = [];
    await waitFor("100 children", async () => children.push(...(await calls.poll("dispatch", queue, 100))) === 100);
    await Promise.all(children.map((child) => calls.submit(child, [command.scheduleTask(newId())])));
    const ids = children.map(({ id }) => id);
    expect(await calls.cancel(order)).toEqual({ cancelled: true, status: "CANCELLED", cancelledChildren: 100 });
    expect(await tasksOf(order.id)).toEqual({ CANCELLED: 100 });
    expect(await childrenOf(order.id)).toEqual({ CANCELLED: 100 });
    expect(await tasksOf(...ids)).toEqual({ CANCELLED: 100 });
  });

  it("more children than one pass takes", async () => {
    const order = await calls.start();
    const children = Array.from({ length: 1_100 }, (_, n) => command.scheduleChild(newId(), `child-${n}`));
    await calls.activate(order, children);
    expect(await calls.cancel(order)).toMatchObject({ cancelledChildren: 1_100 });
    expect(await childrenOf(order.id)).toEqual({ CANCELLED: 1_100 });
  });

  it("SP-114 every depth, for the reason and under the name of whoever cancelled the root", async () => {
    const ann = new Calls(cluster, { ...cluster.caller, principalType: "User", principalId: "ann" });
    const root = await calls.start();
    const levels: Execution[] = [root];
    const tasks: string[] = [];
    for (let depth = 0; depth < 3; depth++) {
      const child = { id: newId(), queue: `q-${newId()}` };
      tasks.push(newId());
      await calls.activate(levels.at(-1) as Execution, [
        command.scheduleTask(tasks.at(-1) as string),
        command.scheduleChild(child.id, "child", { queue: child.queue }),
      ]);
      levels.push(child);
    }
    expect(await ann.cancel(root, { reason: "budget" })).toMatchObject({ cancelledChildren: 3 });
    const rows = await cluster.rows(
      `select execution.status, cancellation_reason as reason, cancelled_by as by, actor_id as actor, moved.reason as why
       from workflow_execution execution join workflow_transition moved
         on workflow_execution_id = execution.id and to_state = 'CANCELLED'
       where execution.id = any($1)`,
      [levels.map(({ id }) => id)],
    );
    const expected = { status: "CANCELLED", reason: "budget", by: "ann", actor: "ann", why: "budget" };
    expect(rows).toEqual(levels.map(() => expected));
    for (const { id } of levels) {
      const [requested] = await calls.eventsOf(id, "CANCELLATION_REQUESTED");
      expect(requested?.data).toEqual({ reason: "budget", requestedBy: "ann" });
    }
    const taskRows = await cluster.rows(
      `select task.status, cancellation_reason as reason, cancelled_by as by, actor_id as actor, moved.reason as why
       from task_execution task join task_transition moved on task_execution_id = task.id and to_state = 'CANCELLED'
       where task.id = any($1)`,
      [tasks],
    );
    expect(taskRows).toEqual(tasks.map(() => expected));
  });

  it("SP-115 not what has ended before: completed tasks, children, timers and promises", async () => {
    const order = await calls.start();
    const [done, broken, open] = [newId(), newId(), newId()];
    const child = { id: newId(), queue: `q-${newId()}` };
    await calls.activate(order, [
      ...[command.scheduleTask(done), command.scheduleTask(broken), command.scheduleTask(open, { queue: "later" })],
      command.scheduleChild(child.id, "child", { queue: child.queue }),
      ...[command.startTimer("short", 0), command.startTimer("cancelled", 60_000), command.cancelTimer("cancelled")],
      ...[command.createPromise("kept"), command.resolvePromise("kept", "1")],
    ]);
    await calls.completeTask(await calls.claimTask(order.queue), '"a"');
    await calls.failTask(await calls.claimTask(order.queue), "b");
    await calls.complete(child, '"c"');
    await waitFor("the timer and the child", async () => {
      const types = await calls.types(order.id);
      return types.includes("TIMER_FIRED") && types.includes("CHILD_WORKFLOW_COMPLETED");
    });
    const ended = () =>
      Promise.all([
        cluster.rows("select * from task_execution where id = any($1) order by id", [[done, broken]]),
        cluster.rows("select * from workflow_execution where id = $1", [child.id]),
        cluster.rows("select * from timer where workflow_execution_id = $1 order by id", [order.id]),
        cluster.rows("select * from promise where workflow_execution_id = $1", [order.id]),
      ]);
    const before = await ended();
    expect(await calls.cancel(order)).toMatchObject({ cancelled: true, cancelledChildren: 0 });
    expect(await ended()).toEqual(before);
    expect(await tasksOf(order.id)).toEqual({ CANCELLED: 1, COMPLETED: 1, FAILED: 1 });
  });

  it("SP-116 the wait of a parent: it wakes after its child was cancelled", async () => {
    const child = { id: newId(), queue: `q-${newId()}` };
    const parent = await calls.waiting([command.scheduleChild(child.id, "child", { queue: child.queue })]);
    await calls.cancel(child, { reason: "enough" });
    // Told before the caller is answered.
    expect(await calls.status(parent.id)).toBe("PENDING");
    expect((await calls.events(parent.id)).at(-1)).toMatchObject({
      ...{ type: "CHILD_WORKFLOW_FAILED", data: { error: "Child workflow cancelled: enough" } },
    });
  });

  it("timers and promises, with the keys of both", async () => {
    const [ofWorkflow, ofPromise] = [newId(), newId()];
    const commands = [command.startTimer("sleep", 60_000), command.createPromise("p", { idempotencyKey: ofPromise })];
    const order = await calls.waiting(commands, { idempotencyKey: ofWorkflow });
    await calls.cancel(order);
    for (const table of ["timer", "promise"]) {
      expect(await statusesOf(table, "workflow_execution_id", [order.id])).toEqual({ CANCELLED: 1 });
    }
    expect(await calls.start({ idempotencyKey: ofWorkflow })).toMatchObject({ isNew: true });
    await calls.waiting([command.createPromise("p", { idempotencyKey: ofPromise })]);
  });

  it("no children when told so: they live on, and end without their parent", async () => {
    const [scheduled, task] = [{ id: newId(), queue: `q-${newId()}` }, newId()];
    const order = await calls.waiting([
      ...[command.scheduleChild(scheduled.id, "child", { queue: scheduled.queue }), command.scheduleTask(task)],
    ]);
    expect(await calls.cancel(order, { cascadeToChildren: false })).toMatchObject({ cancelledChildren: 0 });
    expect(await tasksOf(order.id)).toEqual({ CANCELLED: 1 });
    const types = await calls.types(order.id);
    cluster.clock.advance(2_000);
    await calls.complete(scheduled);
    expect(await calls.status(scheduled.id)).toBe("COMPLETED");
    await waitFor("the debt to be paid", async () => {
      const owing = "select 1 from workflow_execution where id = any($1) and (owes_parent or owes_members)";
      return (await cluster.rows(owing, [[order.id, scheduled.id]])).length === 0;
    });
    expect(await calls.types(order.id)).toEqual(types);
  });
});

describe("a worker that ends its workflow as CANCELLED", () => {
  it("takes tasks and children along, also those of the same submission", async () => {
    const children = [1, 2].map(() => ({ id: newId(), queue: `q-${newId()}` }));
    const key = newId();
    const [first, second] = children.map(({ id, queue }, n) => command.scheduleChild(id, `child-${n}`, { queue }));
    if (first === undefined || second === undefined) throw new Error("two children are needed");
    const order = await calls.waiting([first, command.scheduleTask(newId())], { idempotencyKey: key });
    await calls.activate(children[0] as Execution, [command.scheduleTask(newId())]);
    await calls.signal(order, "stop");
    await calls.activate(order, [second, command.scheduleTask(newId()), command.cancel("stopped")], {
      status: WorkflowStatus.CANCELLED,
    });
    const ids = children.map(({ id }) => id);
    await waitFor("the children to be cancelled", async () => (await childrenOf(order.id)).CANCELLED === 2);
    expect(await tasksOf(order.id)).toEqual({ CANCELLED: 2 });
    expect(await tasksOf(...ids)).toEqual({ CANCELLED: 1 });
    expect((await calls.events(order.id)).at(-1)).toMatchObject({
      ...{ type: "WORKFLOW_CANCELLED", data: { reason: "stopped" } },
    });
    const rows = await cluster.rows(
      "select cancellation_reason as reason, cancelled_by as by from workflow_execution where id = any($1)",
      [[order.id, ...ids]],
    );
    expect(rows).toEqual([1, 2, 3].map(() => ({ reason: "stopped", by: worker })));
    expect(await calls.start({ idempotencyKey: key })).toMatchObject({ isNew: true });
  });
});

describe("late and at the same time", () => {
  it("the submission of a worker that ran it is accepted and changes nothing", async () => {
    for (const claimEpoch of ["current", undefined]) {
      const claimed = await calls.running();
      await calls.cancel(claimed);
      const before = await everything([claimed.id]);
      const key = newId();
      const commands = [
        ...[command.scheduleTask(newId(), { idempotencyKey: key }), command.startTimer("sleep", 1)],
        ...[command.createPromise("p", { idempotencyKey: `p-${key}` }), command.scheduleChild(newId(), "child")],
        ...[command.setState("k", "1"), command.complete("1")],
      ];
      const one = claimEpoch === undefined ? { id: claimed.id } : claimed;
      await calls.submit(one, commands, { status: WorkflowStatus.COMPLETED });
      expect(await everything([claimed.id])).toEqual(before);
      expect(await childrenOf(claimed.id)).toEqual({});
      expect(await cluster.rows("select 1 from idempotency_key where key = any($1)", [[key, `p-${key}`]])).toEqual([]);
    }
  });

  it("SP-111 in 200 races of cancel and complete each workflow ends once", async () => {
    const claimed = await Promise.all(Array.from({ length: 200 }, () => calls.running()));
    const [answers] = await Promise.all([
      Promise.all(claimed.map((one) => calls.cancel(one))),
      Promise.all(
        claimed.map((one) => calls.submit(one, [command.complete("1")], { status: WorkflowStatus.COMPLETED })),
      ),
    ]);
    const ends = await cluster.rows<{ id: string; status: string; ends: number }>(
      `select execution.id, execution.status, count(*)::int as ends from workflow_execution execution
       join workflow_transition on workflow_execution_id = execution.id and to_state in ('COMPLETED', 'CANCELLED', 'FAILED')
       where execution.id = any($1) group by execution.id`,
      [claimed.map(({ id }) => id)],
    );
    expect(ends).toHaveLength(200);
    expect(ends.filter((row) => row.ends !== 1)).toEqual([]);
    const status = new Map(ends.map((row) => [row.id, row.status]));
    expect(answers.map((answer) => [answer.status, answer.cancelled])).toEqual(
      claimed.map(({ id }) => [status.get(id), status.get(id) === "CANCELLED"]),
    );
  });

  it("of ten that cancel at once one did it", async () => {
    const order = await calls.waiting([command.scheduleTask(newId())]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => calls.cancel(order)));
    expect(answers.filter(({ cancelled }) => cancelled)).toHaveLength(1);
    expect(answers.every(({ status }) => status === "CANCELLED")).toBe(true);
  });

  it("a cancel and a submission that schedules leave nothing open", async () => {
    const claimed = await Promise.all(Array.from({ length: 60 }, () => calls.running()));
    const schedule = (one: Claimed) =>
      calls.submit(one, [
        ...[command.scheduleTask(newId()), command.startTimer("sleep", 60_000), command.createPromise("p")],
        command.scheduleChild(newId(), "child"),
      ]);
    const answers = await codes(claimed.flatMap((one) => [schedule(one), calls.cancel(one)]));
    expect(new Set(answers)).toEqual(new Set(["OK"]));
    const ids = claimed.map(({ id }) => id);
    await waitFor("the children to be cancelled", async () => {
      return Object.keys(await childrenOf(...ids)).every((status) => status === "CANCELLED");
    });
    for (const statuses of [
      ...[await tasksOf(...ids), await statusesOf("timer", "workflow_execution_id", ids)],
      await statusesOf("promise", "workflow_execution_id", ids),
    ]) {
      expect(Object.keys(statuses).filter((status) => status !== "CANCELLED")).toEqual([]);
    }
  });

  it("a cancel of a family while its children end and start leaves nothing open", async () => {
    const families = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const queue = `kids-${newId()}`;
        const names = ["a", "b", "c"];
        const root = await calls.waiting(names.map((name) => command.scheduleChild(newId(), name, { queue })));
        const children: Claimed[] = [];
        await waitFor("the children", async () => children.push(...(await calls.poll("dispatch", queue, 3))) === 3);
        return { root, children };
      }),
    );
    await Promise.all(
      families.flatMap(({ root, children: [a, b, c] }) => [
        calls.submit(a as Claimed, [command.scheduleChild(newId(), "inner"), command.scheduleTask(newId())]),
        calls.submit(b as Claimed, [command.complete("1")], { status: WorkflowStatus.COMPLETED }),
        calls.cancel(root),
        calls.submit(c as Claimed, [command.fail("no")], { status: WorkflowStatus.FAILED }),
      ]),
    );
    const roots = families.map(({ root }) => root.id);
    await waitFor("all of them to end", async () => {
      const open = `select 1 from workflow_execution where root_execution_id = any($1)
        and (status in ('PENDING', 'RUNNING', 'WAITING') or owes_parent or owes_members)`;
      return (await cluster.rows(open, [roots])).length === 0;
    });
    const kids = families.flatMap(({ children }) => children.map(({ id }) => id));
    expect(Object.keys(await tasksOf(...kids)).filter((status) => status !== "CANCELLED")).toEqual([]);
  });
});
