/**
 * Child workflows, with two replicas of every service: what their parents learn of them, once each, whatever dies between
 * the end of a child and the parent that has to be told.
 */
import { findChildrenByName, lockWorkflows, WorkflowChanges } from "@flovyn/db";
import { cancel, newId, nothingKnown, submit } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Claimed, codes, type Execution, worker } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const childOf = (name = "first"): Execution & { name: string } => ({ id: newId(), queue: `q-${newId()}`, name });

const schedule = (child: Execution & { name: string }) =>
  command.scheduleChild(child.id, child.name, { queue: child.queue });

/** A parent that waits for a child of that name. */
async function family(name = "first") {
  const child = childOf(name);
  const parent = await calls.waiting([schedule(child)]);
  return { parent, child };
}

const told = ({ id }: { id: string }, count = 1) =>
  waitFor(`${count} ends of children`, async () => {
    const events = (await calls.events(id)).filter(({ type }) => /^CHILD_WORKFLOW_(COMPLETED|FAILED)$/.test(type));
    return events.length >= count && events;
  });

const rowOf = async (id: string) => {
  const [row] = await cluster.rows<{ queue: string; parent: string; owes: boolean } & Record<string, unknown>>(
    `select queue, status, parent_workflow_execution_id as parent, root_execution_id as root, partition_key as partition,
      traceparent, metadata, owes_parent or owes_members as owes, cancellation_reason as reason, cancelled_by as by
     from workflow_execution where id = $1`,
    [id],
  );
  return row;
};

describe("SCHEDULE_CHILD_WORKFLOW", () => {
  it("creates a child with its id, in the family of the parent, and names it in every spelling", async () => {
    const child = childOf();
    const parent = await calls.start({ metadata: { team: "a" } });
    await calls.activate(parent, [
      command.scheduleChild(child.id, "first", { queue: child.queue, input: Buffer.from('{"n":1.0}') }),
    ]);
    const [initiated] = await calls.eventsOf(parent.id, "CHILD_WORKFLOW_INITIATED");
    expect(initiated?.text).toBe(
      `{"childExecutionName":"first","childWorkflowExecutionName":"first","childWorkflowKind":"child",` +
        `"childExecutionId":"${child.id}","childworkflowExecutionId":"${child.id}","childWorkflowExecutionId":"${child.id}",` +
        `"workflowKind":"child","input":{"n":1.0}}`,
    );
    const [parentRow, childRow] = [await rowOf(parent.id), await rowOf(child.id)];
    expect(childRow).toMatchObject({ parent: parent.id, root: parent.id, queue: child.queue, metadata: {} });
    expect(childRow).toMatchObject({ partition: parentRow?.partition, traceparent: parentRow?.traceparent });
    const [started] = await calls.events(child.id);
    expect(started?.data).toMatchObject({ parentWorkflowExecutionId: parent.id, workflowKind: "child" });
    expect((await calls.claim(child)).id).toBe(child.id);
  });

  it.each(["", "default"])("pitfall 17: with queue %j the child waits on the queue of the parent", async (queue) => {
    const id = newId();
    const parent = await calls.waiting([command.scheduleChild(id, "first", { queue })]);
    expect(await rowOf(id)).toMatchObject({ queue: parent.queue });
    expect((await calls.claim(parent)).id).toBe(id);
    const registered = await cluster.rows("select 1 from queue where org_id = $1 and name = $2", [
      cluster.orgId,
      parent.queue,
    ]);
    expect(registered).toHaveLength(1);
  });

  it("pitfall 16: refuses an id that another child, any execution, or the parent itself has", async () => {
    const { parent, child } = await family();
    const other = await calls.start();
    await calls.signal(parent, "go");
    const claimed = await calls.claim(parent);
    for (const wrong of [
      command.scheduleChild(child.id, "second"),
      command.scheduleChild(child.id, "first", { workflowKind: "another" }),
      command.scheduleChild(other.id, "second"),
      command.scheduleChild(parent.id, "second"),
    ]) {
      await expect(calls.submit(claimed, [command.startTimer("sleep", 1), wrong])).rejects.toMatchObject({
        ...{ code: "WrongState", field: "schedule_child_workflow.child_workflow_execution_id", reason: "ID_TAKEN" },
      });
    }
    const twice = newId();
    const pair = [command.scheduleChild(twice, "second"), command.scheduleChild(twice, "third")];
    await expect(calls.submit(claimed, pair)).rejects.toMatchObject({ reason: "ID_TAKEN" });
    expect(await calls.eventsOf(parent.id, "TIMER_STARTED")).toEqual([]);
    expect(await calls.eventsOf(parent.id, "CHILD_WORKFLOW_INITIATED")).toHaveLength(1);
  });

  it("pitfall 16: refuses a name that another child has, since ends are looked up by it", async () => {
    const { parent } = await family();
    await calls.signal(parent, "go");
    const claimed = await calls.claim(parent);
    const taken = {
      ...{ code: "WrongState", field: "schedule_child_workflow.child_execution_name", reason: "NAME_TAKEN" },
    };
    await expect(calls.submit(claimed, [command.scheduleChild(newId(), "first")])).rejects.toMatchObject(taken);
    const pair = [command.scheduleChild(newId(), "second"), command.scheduleChild(newId(), "second")];
    await expect(calls.submit(claimed, pair)).rejects.toMatchObject(taken);
    expect(await cluster.rows("select 1 from workflow_execution where child_execution_name = 'second'")).toEqual([]);
  });

  it("pitfall 16: three children one after the other get three ids, and the parent completes", async () => {
    const parent = await calls.start();
    const ids: string[] = [];
    for (const name of ["a", "b", "c"]) {
      const child = childOf(name);
      await calls.activate(parent, [schedule(child)]);
      await calls.complete(child, `"${name}"`);
      await told(parent, ids.push(child.id));
    }
    await calls.complete(parent);
    const ends = await told(parent, 3);
    expect(ends.map(({ data }) => [data.childExecutionName, data.childExecutionId, data.output])).toEqual([
      ...[
        ["a", ids[0], "a"],
        ["b", ids[1], "b"],
        ["c", ids[2], "c"],
      ],
    ]);
  });

  it("pitfall 14: sent again creates no second child and leaves no second event", async () => {
    const { parent, child } = await family();
    await calls.signal(parent, "go");
    await calls.activate(parent, [schedule(child), schedule(child)]);
    await calls.complete(child);
    await told(parent);
    await calls.activate(parent, [schedule(child)]);
    expect(await calls.eventsOf(parent.id, "CHILD_WORKFLOW_INITIATED")).toHaveLength(1);
    const children = "select 1 from workflow_execution where parent_workflow_execution_id = $1";
    expect(await cluster.rows(children, [parent.id])).toHaveLength(1);
  });

  it("by two parents at once under one id: one of them gets it, and the other is refused", async () => {
    for (let round = 0; round < 20; round++) {
      const parents = await Promise.all([calls.running(), calls.running()]);
      const id = newId();
      const answers = await codes(parents.map((parent) => calls.submit(parent, [command.scheduleChild(id, "only")])));
      expect(answers.sort()).toEqual(["OK", "WrongState"]);
      expect(await rowOf(id)).toMatchObject({ owes: false });
    }
  });

  it.each([
    ["child_workflow_execution_id", command.scheduleChild("child-1", "first")],
    ["child_execution_name", command.scheduleChild(newId(), " ")],
    ["workflow_kind", command.scheduleChild(newId(), "first", { workflowKind: "" })],
    ["workflow_definition_id", command.scheduleChild(newId(), "first", { workflowDefinitionId: newId() })],
    ["queue", command.scheduleChild(newId(), "first", { queue: " a" })],
    ["priority_seconds", command.scheduleChild(newId(), "first", { prioritySeconds: 9_001 })],
  ])("is refused with the name of the field: %s", async (field, wrong) => {
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [wrong])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `commands[0].schedule_child_workflow.${field}` },
    });
    expect(await calls.types(claimed.id)).toEqual(["WORKFLOW_STARTED"]);
  });
});

describe("the end of a child", () => {
  const ends: [string, (child: Execution) => Promise<unknown>, Record<string, unknown>][] = [
    ["CHILD_WORKFLOW_COMPLETED", (child) => calls.complete(child, '{"n":1}'), { output: { n: 1 } }],
    ["CHILD_WORKFLOW_FAILED", (child) => calls.fail(child, "no stock"), { error: "no stock" }],
    [
      "CHILD_WORKFLOW_FAILED",
      (child) => calls.cancel(child, { reason: "too late" }),
      { error: "Child workflow cancelled: too late" },
    ],
    [
      "CHILD_WORKFLOW_FAILED",
      (child) => calls.activate(child, [command.cancel("gave up")], { status: WorkflowStatus.CANCELLED }),
      { error: "Child workflow cancelled: gave up" },
    ],
  ];

  it.each(ends)("pitfall 18: %s reaches the parent over three levels", async (type, end, outcome) => {
    const { parent, child } = await family("middle");
    const grandchild = childOf("inner");
    await calls.activate(child, [schedule(grandchild)]);
    await end(grandchild);
    const [inner] = await told(child);
    expect(inner).toMatchObject({ type, data: { childExecutionName: "inner", ...outcome } });
    expect(await calls.status(child.id)).toBe("PENDING");
    expect(await calls.status(parent.id)).toBe("WAITING");
    await end(child);
    const [outer] = await told(parent);
    expect(outer).toMatchObject({
      type,
      data: {
        ...{ childExecutionName: "middle", childWorkflowExecutionName: "middle", childWorkflowKind: "child" },
        ...{ childExecutionId: child.id, childworkflowExecutionId: child.id, childWorkflowExecutionId: child.id },
        ...outcome,
      },
    });
    expect(await calls.status(parent.id)).toBe("PENDING");
    await calls.complete(parent);
    expect(await rowOf(child.id)).toMatchObject({ owes: false });
  });

  it("is remembered when it comes while a worker holds the parent", async () => {
    const { parent, child } = await family();
    await calls.signal(parent, "go");
    const claimed = await calls.claim(parent);
    await calls.complete(child);
    await told(parent);
    expect(await calls.status(parent.id)).toBe("RUNNING");
    await calls.submit(claimed);
    expect(await calls.status(parent.id)).toBe("PENDING");
  });

  it("leaves a parent alone that ended before, and is told nobody", async () => {
    const { parent, child } = await family();
    await calls.signal(parent, "go");
    await calls.complete(parent, "1");
    const types = await calls.types(parent.id);
    await calls.complete(child);
    await waitFor("the debt to be paid", async () => (await rowOf(child.id))?.owes === false);
    expect(await calls.status(child.id)).toBe("COMPLETED");
    expect(await calls.types(parent.id)).toEqual(types);
  });

  it("comes also when the parent completed in the activation that scheduled the child", async () => {
    const child = childOf();
    const parent = await calls.start();
    await calls.complete(parent, "1", [schedule(child)]);
    await calls.complete(child);
    await waitFor("the debt to be paid", async () => (await rowOf(child.id))?.owes === false);
    expect(await calls.types(parent.id)).toEqual([
      "WORKFLOW_STARTED",
      "CHILD_WORKFLOW_INITIATED",
      "WORKFLOW_COMPLETED",
    ]);
  });

  it("pitfall 19: of 50 children that end at once is told once each", async () => {
    const queue = `kids-${newId()}`;
    const names = Array.from({ length: 50 }, (_, index) => `child-${index}`);
    const parent = await calls.waiting(names.map((name) => command.scheduleChild(newId(), name, { queue })));
    const children: Claimed[] = [];
    await waitFor("50 children", async () => children.push(...(await calls.poll("dispatch", queue, 50))) === 50);
    await Promise.all(
      children.map((child, index) =>
        index % 2 === 0
          ? calls.submit(child, [command.complete(`${index}`)], { status: WorkflowStatus.COMPLETED })
          : calls.submit(child, [command.fail(`${index}`)], { status: WorkflowStatus.FAILED }),
      ),
    );
    const events = await told(parent, 50);
    expect(events.map(({ data }) => data.childExecutionName).sort()).toEqual([...names].sort());
    expect(await calls.status(parent.id)).toBe("PENDING");
  });
});

describe("a replica that dies right after the end", () => {
  /** What a replica commits, without anything that follows the commit. */
  const commitOnly = (ids: readonly string[], decide: (changes: WorkflowChanges) => void) =>
    cluster.observer.transaction(async (tx) => {
      const changes = new WorkflowChanges(await lockWorkflows(tx, ids));
      decide(changes);
      changes.write(tx, cluster.clock.now());
    });
  const afterAWhile = () => cluster.clock.advance(1_000);

  it("leaves a parent that another replica tells, once", async () => {
    const families = await Promise.all(Array.from({ length: 20 }, () => family()));
    for (const { child } of families) {
      const { id, claimEpoch } = await calls.claim(child);
      const outcome = { type: "COMPLETED", output: Buffer.from('"done"') } as const;
      await commitOnly([id], (changes) => {
        const workflow = changes.get(id);
        if (workflow === undefined) throw new Error("the child is missing");
        changes.add(submit(workflow, { commands: [], outcome, claimEpoch }, nothingKnown, cluster.clock.now()));
      });
      expect(await rowOf(id)).toMatchObject({ owes: true, status: "COMPLETED" });
    }
    afterAWhile();
    for (const { parent, child } of families) {
      const events = await told(parent);
      expect(events.map(({ data }) => [data.childExecutionId, data.output])).toEqual([[child.id, "done"]]);
      expect(await calls.status(parent.id)).toBe("PENDING");
      await waitFor("the debt to be paid", async () => (await rowOf(child.id))?.owes === false);
    }
  });

  it("leaves children that another replica cancels, at every depth", async () => {
    const { parent, child } = await family();
    const inner = childOf("inner");
    await calls.activate(child, [schedule(inner), command.scheduleTask(newId())]);
    await commitOnly([parent.id], (changes) => {
      const workflow = changes.get(parent.id);
      if (workflow === undefined) throw new Error("the parent is missing");
      changes.add(cancel(workflow, "stop", { type: "user", id: "ann" }));
    });
    expect(await calls.status(child.id)).toBe("WAITING");
    afterAWhile();
    await waitFor("the grandchild to be cancelled", async () => (await calls.status(inner.id)) === "CANCELLED");
    for (const { id } of [child, inner]) {
      expect(await rowOf(id)).toMatchObject({ status: "CANCELLED", reason: "stop", by: "ann" });
    }
    const tasks = await cluster.rows("select status from task_execution where workflow_execution_id = $1", [child.id]);
    expect(tasks).toEqual([{ status: "CANCELLED" }]);
    await waitFor("the debts to be paid", async () => {
      const owing = "select 1 from workflow_execution where (owes_parent or owes_members) and id = any($1)";
      return (await cluster.rows(owing, [[parent.id, child.id, inner.id]])).length === 0;
    });
  });
});

describe("REQUEST_CANCEL_CHILD_WORKFLOW", () => {
  const requests: [string, (child: { id: string; name: string }) => ReturnType<typeof command.cancelChild>][] = [
    ["id", ({ id }) => command.cancelChild({ childWorkflowExecutionId: id, reason: "enough" })],
    ["name", ({ name }) => command.cancelChild({ childExecutionName: name, reason: "enough" })],
  ];

  it.each(requests)("ends a child by its %s, with its tasks, and wakes the parent", async (_, request) => {
    const { parent, child } = await family();
    await calls.activate(child, [command.scheduleTask(newId()), command.startTimer("sleep", 60_000)]);
    await calls.signal(parent, "go");
    await calls.activate(parent, [request(child)]);
    const [end] = await told(parent);
    expect(end).toMatchObject({
      ...{ type: "CHILD_WORKFLOW_FAILED" },
      data: { childExecutionName: "first", error: "Child workflow cancelled: enough" },
    });
    expect(await calls.types(parent.id)).toEqual([
      ...["WORKFLOW_STARTED", "CHILD_WORKFLOW_INITIATED", "SIGNAL_RECEIVED", "CHILD_WORKFLOW_FAILED"],
    ]);
    expect(await calls.types(child.id)).toEqual([
      ...["WORKFLOW_STARTED", "TASK_SCHEDULED", "TIMER_STARTED", "CANCELLATION_REQUESTED", "WORKFLOW_CANCELLED"],
    ]);
    expect(await rowOf(child.id)).toMatchObject({ status: "CANCELLED", reason: "enough", by: worker });
    for (const table of ["task_execution", "timer"]) {
      const rows = await cluster.rows(`select status from ${table} where workflow_execution_id = $1`, [child.id]);
      expect(rows).toEqual([{ status: "CANCELLED" }]);
    }
    expect(await calls.status(parent.id)).toBe("PENDING");
  });

  it.each(requests)("ends a child by its %s that the same submission schedules", async (_, request) => {
    const child = childOf();
    const parent = await calls.waiting([schedule(child), request(child)]);
    await told(parent);
    expect(await calls.types(child.id)).toEqual(["WORKFLOW_STARTED", "CANCELLATION_REQUESTED", "WORKFLOW_CANCELLED"]);
    expect(await calls.poll("dispatch", child.queue)).toEqual([]);
  });

  it.each(requests)("leaves a child named by its %s alone that ended before", async (_, request) => {
    const { parent, child } = await family();
    await calls.complete(child);
    await told(parent);
    await calls.activate(parent, [request(child)]);
    expect(await calls.status(child.id)).toBe("COMPLETED");
    expect(await calls.status(parent.id)).toBe("WAITING");
    expect(await told(parent)).toHaveLength(1);
  });

  it("of a child that it never had refuses the submission, and nothing of it is written", async () => {
    const { child: other } = await family("theirs");
    const { parent } = await family();
    await calls.signal(parent, "go");
    const claimed = await calls.claim(parent);
    for (const unknown of [
      command.cancelChild({ childWorkflowExecutionId: newId() }),
      command.cancelChild({ childWorkflowExecutionId: other.id }),
      command.cancelChild({ childExecutionName: "theirs" }),
    ]) {
      await expect(calls.submit(claimed, [command.startTimer("sleep", 1), unknown])).rejects.toMatchObject({
        ...{ code: "WrongState", reason: "NO_SUCH_CHILD" },
        field: "request_cancel_child_workflow.child_workflow_execution_id",
      });
    }
    expect(await calls.status(other.id)).toBe("PENDING");
    expect(await calls.eventsOf(parent.id, "TIMER_STARTED")).toEqual([]);
  });

  it("is refused with the name of the field", async () => {
    const claimed = await calls.running();
    const field = "commands[0].request_cancel_child_workflow";
    await expect(calls.submit(claimed, [command.cancelChild({})])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `${field}.child_execution_name` },
    });
    const wrong = command.cancelChild({ childWorkflowExecutionId: "first" });
    await expect(calls.submit(claimed, [wrong])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `${field}.child_workflow_execution_id` },
    });
  });

  it("of a child that ends at the same time: it ends one way, and the parent is told once", async () => {
    const families = await Promise.all(Array.from({ length: 30 }, () => family()));
    await Promise.all(families.map(({ parent }) => calls.signal(parent, "go")));
    const claimed = await Promise.all(
      families.map(async ({ parent, child }) => ({
        parent: await calls.claim(parent),
        child: await calls.claim(child),
      })),
    );
    await Promise.all(
      claimed.flatMap(({ parent, child }) => [
        calls.submit(parent, [command.cancelChild({ childWorkflowExecutionId: child.id })]),
        calls.submit(child, [command.complete("1")], { status: WorkflowStatus.COMPLETED }),
      ]),
    );
    for (const { parent, child } of families) {
      const events = await told(parent);
      expect(events).toHaveLength(1);
      const completed = (await calls.status(child.id)) === "COMPLETED";
      expect(events[0]?.type).toBe(completed ? "CHILD_WORKFLOW_COMPLETED" : "CHILD_WORKFLOW_FAILED");
    }
  });

  it("of a child whose worker submits at the same time leaves nothing of it open", async () => {
    // Replicas take turns: with an even number of families both submissions of one reach the same replica, in one batch.
    const families = await Promise.all(Array.from({ length: 12 }, () => family()));
    await Promise.all(families.map(({ parent }) => calls.signal(parent, "go")));
    const claimed = await Promise.all(
      families.map(async ({ parent, child }) => ({
        parent: await calls.claim(parent),
        child: await calls.claim(child),
      })),
    );
    const cancels = claimed.map(({ parent, child }) => () => {
      return calls.submit(parent, [command.cancelChild({ childWorkflowExecutionId: child.id })]);
    });
    const suspends = claimed.map(({ child }) => () => {
      const commands = [command.scheduleTask(newId()), command.startTimer("sleep", 60_000), schedule(childOf("inner"))];
      return calls.submit(child, commands);
    });
    expect(await codes([...suspends, ...cancels].map((call) => call()))).toEqual(
      Array.from({ length: 24 }, () => "OK"),
    );
    for (const { parent } of claimed) expect(await told(parent)).toHaveLength(1);
    const ids = claimed.map(({ child }) => child.id);
    const inner = "select status from workflow_execution where parent_workflow_execution_id = any($1)";
    await waitFor("the inner children to be cancelled", async () => {
      return (await cluster.rows<{ status: string }>(inner, [ids])).every(({ status }) => status === "CANCELLED");
    });
    for (const table of ["task_execution", "timer"]) {
      const rows = await cluster.rows<{ status: string }>(
        `select distinct status from ${table} where workflow_execution_id = any($1)`,
        [ids],
      );
      expect(rows, table).toEqual([{ status: "CANCELLED" }]);
    }
  });
});

describe("StartChildWorkflow", () => {
  it("decision 27: creates a child of the parent that its history never mentions", async () => {
    const parent = await calls.waiting();
    const id = await calls.startChild({ parentWorkflowExecutionId: parent.id });
    expect(await rowOf(id)).toMatchObject({ parent: parent.id, root: parent.id, queue: parent.queue });
    const claimed = await calls.claim(parent);
    expect(claimed.id).toBe(id);
    await calls.submit(claimed, [command.complete("1")], { status: WorkflowStatus.COMPLETED });
    expect(await calls.types(parent.id)).toEqual(["WORKFLOW_STARTED"]);
    expect(await calls.status(parent.id)).toBe("WAITING");
    expect(await rowOf(id)).toMatchObject({ owes: false });
  });

  it("called again answers with the same child, also at once and after the parent ended", async () => {
    const parent = await calls.waiting();
    const message = { parentWorkflowExecutionId: parent.id, queue: `q-${newId()}` };
    const ids = await Promise.all(Array.from({ length: 10 }, () => calls.startChild(message)));
    expect(new Set(ids).size).toBe(1);
    await calls.cancel(parent, { cascadeToChildren: false });
    expect(await calls.startChild(message)).toBe(ids[0]);
    const found = await findChildrenByName(cluster.observer, [{ parentId: parent.id, name: "side" }]);
    expect([...found.values()]).toEqual([{ id: ids[0], kind: "child" }]);
  });

  it("refuses another kind under the name, a parent that ended, one that is not there, and bad fields", async () => {
    const parent = await calls.waiting();
    const foreign = new Calls(cluster, { ...cluster.caller, orgId: cluster.otherOrgId });
    const of = (id: string, more = {}) => ({ parentWorkflowExecutionId: id, ...more });
    await calls.startChild(of(parent.id));
    const otherKind = { workflowExecutionIdentifier: { $case: "workflowKind" as const, value: "another" } };
    await expect(calls.startChild(of(parent.id, otherKind))).rejects.toMatchObject({
      ...{ code: "AlreadyExists", field: "child_execution_name" },
    });
    await expect(calls.startChild(of(newId()))).rejects.toMatchObject({ code: "NotFound" });
    await expect(foreign.startChild(of(parent.id))).rejects.toMatchObject({ code: "NotFound" });
    const definition = { workflowExecutionIdentifier: { $case: "workflowDefinitionId" as const, value: newId() } };
    for (const [field, more] of [
      ["parent_workflow_execution_id", { parentWorkflowExecutionId: "parent" }],
      ["child_execution_name", { childExecutionName: "" }],
      ["workflow_definition_id", definition],
      ["workflow_kind", { childExecutionName: "new", workflowExecutionIdentifier: undefined }],
      ["priority_seconds", { childExecutionName: "new", prioritySeconds: 9_001 }],
    ] as const) {
      await expect(calls.startChild(of(parent.id, more))).rejects.toMatchObject({ code: "InvalidInput", field });
    }
    await calls.cancel(parent);
    await expect(calls.startChild(of(parent.id, { childExecutionName: "late" }))).rejects.toMatchObject({
      ...{ code: "WrongState", reason: "NOT_ACTIVE" },
    });
    const children = "select 1 from workflow_execution where parent_workflow_execution_id = $1";
    expect(await cluster.rows(children, [parent.id])).toHaveLength(1);
  });

  it("takes a name that SCHEDULE_CHILD_WORKFLOW then finds taken, and the other way round", async () => {
    const { parent, child } = await family();
    const same = { parentWorkflowExecutionId: parent.id, childExecutionName: "first" };
    expect(await calls.startChild(same)).toBe(child.id);
    await calls.startChild({ parentWorkflowExecutionId: parent.id, childExecutionName: "side", queue: "aside" });
    await calls.signal(parent, "go");
    const claimed = await calls.claim(parent);
    await expect(calls.submit(claimed, [command.scheduleChild(newId(), "side")])).rejects.toMatchObject({
      ...{ code: "WrongState", reason: "NAME_TAKEN" },
    });
  });

  it("is cancelled with the parent", async () => {
    const parent = await calls.waiting();
    const id = await calls.startChild({ parentWorkflowExecutionId: parent.id });
    expect(await calls.cancel(parent)).toMatchObject({ cancelled: true, cancelledChildren: 1 });
    expect(await calls.status(id)).toBe("CANCELLED");
  });
});
