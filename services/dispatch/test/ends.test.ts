/**
 * What the end of a workflow means for its parent and its children. Method: a replica that dies after its commit is a
 * transaction of the same store and machine with nothing behind it; what it owes is paid by sweeps of two replicas, many of
 * them at once.
 */
import { lifecycleSubject } from "@flovyn/bus";
import { lockWorkflows, WorkflowChanges } from "@flovyn/db";
import { cancel, newId, nothingKnown, submit, type Workflow, type WorkflowChange } from "@flovyn/domain";
import { LifecycleHint } from "@flovyn/proto/internal";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEnds, type Ends } from "../src/batches/ends.js";
import { createOwedEndsSweep } from "../src/loops/owed-ends.js";
import { command, Harness } from "./harness.js";

const harness = new Harness();
beforeAll(async () => void (await harness.start()));
afterAll(() => harness.stop());

let ends: Ends[];
beforeEach(() => {
  ends = harness.contexts.map(createEnds);
});
afterEach(() => Promise.all(ends.map((one) => one.stop())));

const sweeps = () => harness.contexts.map((context, replica) => createOwedEndsSweep(context, ends[replica] as Ends));

/** What a replica commits, without anything that follows the commit. */
async function commitOnly(ids: readonly string[], decide: (workflow: Workflow) => WorkflowChange): Promise<void> {
  await harness.context.db.transaction(async (tx) => {
    const changes = new WorkflowChanges(await lockWorkflows(tx, ids));
    for (const id of ids) changes.add(decide(changes.get(id) as Workflow));
    changes.write(tx, harness.clock.now());
  });
}

/** A parent that waits for claimed children. */
async function family(size: number) {
  const [queue, kids] = [`q-${newId()}`, `k-${newId()}`];
  const parent = await harness.running({ queue });
  const ids = Array.from({ length: size }, () => newId());
  const commands = ids.map((id, n) => command.scheduleChild(id, `child-${n}`, kids));
  await harness.submit({ workflowExecutionId: parent.id, commands });
  await harness.claim({ queue: kids, pollers: size });
  return { parent: parent.id, ids, queue, kids };
}

const completed = (workflow: Workflow) =>
  submit(
    workflow,
    { commands: [], outcome: { type: "COMPLETED", output: Buffer.from("1") } },
    nothingKnown,
    harness.clock.now(),
  );
const cancelled = (workflow: Workflow) => cancel(workflow, "stop", { type: "user", id: "ann" });

const owing = async () =>
  (await harness.rows("select id from workflow_execution where owes_parent or owes_members")).length;
const endsTold = async (parent: string) =>
  (await harness.events(parent)).filter((type) => type.startsWith("CHILD_WORKFLOW_C"));

describe("the end of a child", () => {
  it("pitfall 19: is told once, whoever tells it at the same time", async () => {
    const { parent, ids, queue } = await family(30);
    await commitOnly(ids, completed);
    const hints = await harness.hints("workflow", queue);
    const moves = await harness.subscribe(lifecycleSubject(harness.orgId));
    harness.clock.advance(1_000);
    await Promise.all([
      ...[...sweeps(), ...sweeps()].map((sweep) => sweep.runOnce()),
      ...ends.flatMap((one) => ids.map((id) => one.pay({ id, bytes: 1, owesParent: true, owesMembers: false }))),
    ]);
    expect(await endsTold(parent)).toHaveLength(30);
    expect(await harness.status(parent)).toBe("PENDING");
    expect(await owing()).toBe(0);
    // Pitfall 7: whoever waits for work is hinted, and live streams hear of it once.
    expect(await hints.count()).toBeGreaterThan(0);
    const resumed = moves.payloads.flatMap((payload) => LifecycleHint.decode(payload).events);
    expect(resumed.map(({ event, workflowExecutionId }) => [event, workflowExecutionId])).toEqual([
      ["WORKFLOW_RESUMED", parent],
    ]);
  });

  it("is left for a while to the replica that wrote it", async () => {
    const { parent, ids } = await family(1);
    await commitOnly(ids, completed);
    harness.clock.advance(999);
    for (const sweep of sweeps()) expect(await sweep.runOnce()).toBe(0);
    expect(await endsTold(parent)).toEqual([]);
    harness.clock.advance(1);
    const [first, second] = sweeps();
    expect(await first?.runOnce()).toBe(1);
    expect(await second?.runOnce()).toBe(0);
    expect(await endsTold(parent)).toEqual(["CHILD_WORKFLOW_COMPLETED"]);
  });

  it("is told by the sweep in batches, until none is owed", async () => {
    const { parent, ids } = await family(230);
    await commitOnly(ids, completed);
    harness.clock.advance(1_000);
    const [sweep] = sweeps();
    expect([await sweep?.runOnce(), await sweep?.runOnce(), await sweep?.runOnce()]).toEqual([100, 100, 30]);
    expect(await endsTold(parent)).toHaveLength(230);
    expect(await owing()).toBe(0);
  });

  it("is not told again when it was told, whatever a caller believes to be owed", async () => {
    const { parent, ids } = await family(2);
    await commitOnly(ids, completed);
    const pay = () => Promise.all(ids.map((id) => ends[0]?.pay({ id, bytes: 0, owesParent: true, owesMembers: true })));
    await pay();
    await pay();
    expect(await endsTold(parent)).toHaveLength(2);
  });
});

describe("the cancel of a parent", () => {
  it("ends children once, whoever does it at the same time, and tells who cancelled and why", async () => {
    const { parent, ids } = await family(20);
    await commitOnly([parent], cancelled);
    harness.clock.advance(1_000);
    await Promise.all([
      ...[...sweeps(), ...sweeps()].map((sweep) => sweep.runOnce()),
      ...ends.map((one) => one.pay({ id: parent, bytes: 0, owesParent: false, owesMembers: true })),
    ]);
    const moved = await harness.rows(
      `select workflow_execution_id as id, reason, actor_id as actor from workflow_transition
       where workflow_execution_id = any($1) and to_state = 'CANCELLED' order by 1`,
      [ids],
    );
    expect(moved).toEqual([...ids].sort().map((id) => ({ id, reason: "stop", actor: "ann" })));
    expect(await harness.events(parent)).not.toContain("CHILD_WORKFLOW_FAILED");
    // What the children owe their parent is paid without a word: it has ended.
    harness.clock.advance(1_000);
    for (const sweep of sweeps()) await sweep.runOnce();
    expect(await owing()).toBe(0);
  });

  it("passes over children that ended meanwhile", async () => {
    const { parent, ids } = await family(4);
    await commitOnly(ids.slice(0, 2), completed);
    await commitOnly([parent], cancelled);
    expect(await ends[0]?.settle([])).toBe(0);
    await ends[0]?.pay({ id: parent, bytes: 0, owesParent: false, owesMembers: true });
    expect(await Promise.all(ids.map((id) => harness.status(id)))).toEqual([
      ...["COMPLETED", "COMPLETED", "CANCELLED", "CANCELLED"],
    ]);
  });
});
