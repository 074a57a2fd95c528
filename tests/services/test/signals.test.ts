/**
 * Signals, with two replicas of every service: delivered in order and once, to a workflow in any live status, and to one
 * that the signal itself creates.
 */
import { newId, partitionOf } from "@flovyn/domain";
import type { SignalWorkflowResponse } from "@flovyn/proto/v1";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, codes, type Execution } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

const signalsMax = 10_000;
const tooLarge = Buffer.alloc(4 * 1024 * 1024, 0x20);

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

const received = async (id: string) =>
  (await calls.eventsOf(id, "SIGNAL_RECEIVED")).map(({ data }) => [data.signalName, data.signalValue]);

const endings: [string, (order: Execution) => Promise<unknown>][] = [
  ["COMPLETED", (order) => calls.complete(order)],
  ["FAILED", (order) => calls.fail(order)],
  ["CANCELLED", (order) => calls.cancel(order)],
];

describe("SignalWorkflow", () => {
  it("SP-171 keeps signals that come before anybody waits: the first activation has them all", async () => {
    const order = await calls.start();
    for (const name of ["b", "a", "b"]) {
      const answer = await calls.signal(order, name, `"${name}"`);
      expect(answer).toMatchObject({ woke: false, duplicate: false });
    }
    await calls.claim(order);
    expect((await calls.events(order.id)).map(({ sequence, type }) => [sequence, type])).toEqual([
      ...[
        [1, "WORKFLOW_STARTED"],
        [2, "SIGNAL_RECEIVED"],
        [3, "SIGNAL_RECEIVED"],
        [4, "SIGNAL_RECEIVED"],
      ],
    ]);
    expect(await received(order.id)).toEqual([
      ["b", "b"],
      ["a", "a"],
      ["b", "b"],
    ]);
  });

  it("wakes a workflow that waits, whatever it waits for, and tells the place of the signal", async () => {
    const order = await calls.waiting([command.startTimer("sleep", 60_000)]);
    expect(await calls.signal(order, "go", '{"n":1.0}')).toEqual({
      signalEventSequence: 3,
      duplicate: false,
      woke: true,
    });
    expect(await calls.status(order.id)).toBe("PENDING");
    expect(await calls.signal(order, "go")).toEqual({ signalEventSequence: 4, duplicate: false, woke: false });
    const [signal] = await calls.eventsOf(order.id, "SIGNAL_RECEIVED");
    expect(signal?.text).toBe('{"signalName":"go","signalValue":{"n":1.0}}');
  });

  it("pitfall 6: is delivered without another event when a worker holds the workflow", async () => {
    const claimed = await calls.running();
    expect(await calls.signal(claimed, "go")).toMatchObject({ woke: false });
    await calls.submit(claimed);
    expect(await calls.status(claimed.id)).toBe("PENDING");
    await calls.activate(claimed);
    expect(await calls.status(claimed.id)).toBe("WAITING");
  });

  it("SP-173 races a suspend: whoever comes first, the workflow is handed out again", async () => {
    const claimed = await Promise.all(Array.from({ length: 100 }, () => calls.running()));
    await Promise.all(
      claimed.flatMap((one, index) => {
        const seen = index % 2 === 0 ? {} : { seenSequence: 1 };
        return [calls.submit(one, [], seen), calls.signal(one, "go")];
      }),
    );
    const statuses = await cluster.rows(
      "select status, count(*)::int as count from workflow_execution where id = any($1) group by status",
      [claimed.map(({ id }) => id)],
    );
    expect(statuses).toEqual([{ status: "PENDING", count: 100 }]);
  });

  it("pitfall 20: keeps the order of acknowledged calls, over two replicas and among many senders", async () => {
    const order = await calls.waiting();
    const senders = ["a", "b", "c"].map(async (name) => {
      for (let n = 0; n < 30; n++) await calls.signal(order, name, `${n}`);
    });
    await Promise.all(senders);
    const signals = await received(order.id);
    expect(signals).toHaveLength(90);
    for (const name of ["a", "b", "c"]) {
      const values = signals.filter(([of]) => of === name).map(([, value]) => value);
      expect(values).toEqual(Array.from({ length: 30 }, (_, n) => n));
    }
  });

  it("SP-170 takes a signal id once: the same place again, and no second event", async () => {
    const order = await calls.waiting();
    const first = await calls.signal(order, "pay", "1", { signalId: "s-1" });
    expect(first).toEqual({ signalEventSequence: 2, duplicate: false, woke: true });
    const again = await calls.signal(order, "pay", "2", { signalId: "s-1" });
    expect(again).toEqual({ signalEventSequence: 2, duplicate: true, woke: false });
    expect((await calls.signal(order, "pay", "3", { signalId: "s-2" })).duplicate).toBe(false);
    // An empty id is none.
    for (const signalId of ["", ""]) {
      expect((await calls.signal(order, "pay", "4", { signalId })).duplicate).toBe(false);
    }
    expect(await received(order.id)).toEqual([
      ["pay", 1],
      ["pay", 3],
      ["pay", 4],
      ["pay", 4],
    ]);
    const other = await calls.waiting();
    expect((await calls.signal(other, "pay", "1", { signalId: "s-1" })).duplicate).toBe(false);
    await calls.complete(order);
    await expect(calls.signal(order, "pay", "5", { signalId: "s-3" })).rejects.toMatchObject({ code: "WrongState" });
  });

  it("SP-170 takes a signal id once also when 20 callers send it at the same time", async () => {
    const order = await calls.waiting();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => calls.signal(order, "pay", `${n}`, { signalId: "once" })),
    );
    expect(new Set(answers.map(({ signalEventSequence }) => signalEventSequence))).toEqual(new Set([2]));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await received(order.id)).toHaveLength(1);
  });

  it.each(endings)("refuses a %s workflow and leaves its history alone", async (_, end) => {
    const order = await calls.start();
    await end(order);
    const types = await calls.types(order.id);
    await expect(calls.signal(order, "late")).rejects.toMatchObject({ code: "WrongState", reason: "NOT_ACTIVE" });
    expect(await calls.types(order.id)).toEqual(types);
  });

  it(`takes ${signalsMax} signals and then refuses`, async () => {
    const order = await calls.waiting();
    await calls.signal(order, "first", "1", { signalId: "first" });
    await fill(order, signalsMax - 2);
    const answers = await codes(Array.from({ length: 4 }, () => calls.signal(order, "more")));
    expect(answers.sort()).toEqual(["LimitExceeded", "LimitExceeded", "LimitExceeded", "OK"]);
    await expect(calls.signal(order, "more")).rejects.toMatchObject({ reason: "SIGNAL_LIMIT" });
    expect(await received(order.id)).toHaveLength(signalsMax);
    expect(await calls.signal(order, "first", "1", { signalId: "first" })).toMatchObject({ duplicate: true });
    // Only signals are refused.
    await calls.complete(order);
    expect(await calls.status(order.id)).toBe("COMPLETED");
  });

  /** Signals by SQL, as the service would write them. */
  async function fill({ id }: Execution, count: number): Promise<void> {
    await cluster.rows(
      `with filled as (
         update workflow_execution set signal_count = signal_count + $3, current_sequence = current_sequence + $3,
           external_sequence = current_sequence + $3, history_bytes = history_bytes + $3 * length($4)
         where id = $1 returning org_id, current_sequence - $3 as before)
       insert into workflow_event (id, org_id, workflow_execution_id, run, sequence_number, event_type, event_data, created_at)
       select event_id, org_id, $1, 1, before + n, 'SIGNAL_RECEIVED', $4::text::bytea, now()
       from filled, unnest($2::uuid[]) with ordinality as ids(event_id, n)`,
      [id, Array.from({ length: count }, () => newId()), count, '{"signalName":"fill","signalValue":1}'],
    );
  }

  it("takes the tagged form of an id, and treats a wrong tag, a foreign and an unknown id as missing", async () => {
    const order = await calls.start();
    const partition = partitionOf(order.id);
    await calls.signal({ id: `{fp:${partition}}:${order.id}` }, "go");
    const missing = { code: "NotFound" };
    const wrongTag = `{fp:${(partition + 1) % 256}}:${order.id}`;
    await expect(calls.signal({ id: wrongTag }, "go")).rejects.toMatchObject(missing);
    await expect(calls.signal({ id: newId() }, "go")).rejects.toMatchObject(missing);
    await expect(foreign.signal(order, "go")).rejects.toMatchObject(missing);
    expect(await received(order.id)).toHaveLength(1);
  });

  it.each([
    ["workflow_execution_id", { workflowExecutionId: "order" }, "InvalidInput"],
    ["signal_name", { signalName: " " }, "InvalidInput"],
    ["signal_name", { signalName: "x".repeat(256) }, "InvalidInput"],
    ["signal_id", { signalId: "x".repeat(256) }, "InvalidInput"],
    ["signal_value", { signalValue: tooLarge }, "PayloadTooLarge"],
  ])("is refused with the name of the field: %s", async (field, wrong, code) => {
    const order = await calls.start();
    await expect(calls.signal(order, "go", "1", wrong)).rejects.toMatchObject({ code, field });
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED"]);
  });

  it("is refused for another organization than the caller's", async () => {
    const order = await calls.start();
    await expect(calls.signal(order, "go", "1", { orgId: cluster.otherOrgId })).rejects.toMatchObject({
      code: "Forbidden",
    });
  });
});

describe("SignalWithStartWorkflow", () => {
  it("creates the execution and its signal in one transaction: the first activation has both", async () => {
    const [workflowId, queue] = [newId(), `q-${newId()}`];
    const answer = await calls.signalWithStart({
      ...{ workflowId, queue, workflowKind: "cart", workflowInput: Buffer.from('{"n":1.0}') },
      ...{ signalName: "add", signalValue: Buffer.from('"apple"'), metadata: { team: "a" }, workflowVersion: "1.2" },
    });
    expect(answer).toMatchObject({ workflowCreated: true, signalEventSequence: 2, duplicate: false });
    const claimed = await calls.claim({ queue });
    expect(claimed.id).toBe(answer.workflowExecutionId);
    const events = await calls.events(claimed.id);
    expect(events.map(({ type }) => type)).toEqual(["WORKFLOW_STARTED", "SIGNAL_RECEIVED"]);
    expect(events[0]?.text).toContain('"input":{"n":1.0},"workflowKind":"cart"');
    const written = "select distinct xmin::text from workflow_event where workflow_execution_id = $1";
    expect(await cluster.rows(written, [claimed.id])).toHaveLength(1);
    // What the worker has seen when it suspends holds the signal, so it is not handed out again.
    await calls.submit(claimed);
    expect(await calls.status(claimed.id)).toBe("WAITING");
  });

  it("called by 50 at once for one id gives one execution and 50 signals", async () => {
    const [workflowId, queue] = [newId(), `q-${newId()}`];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        calls.signalWithStart({ workflowId, queue, signalValue: Buffer.from(`${n}`) }),
      ),
    );
    expect(new Set(answers.map((answer) => answer.workflowExecutionId)).size).toBe(1);
    expect(answers.filter(({ workflowCreated }) => workflowCreated)).toHaveLength(1);
    const places = answers.map(({ signalEventSequence }) => signalEventSequence).sort((a, b) => a - b);
    expect(places).toEqual(Array.from({ length: 50 }, (_, n) => n + 2));
    expect(await cluster.rows("select id from workflow_execution where queue = $1", [queue])).toHaveLength(1);
    const id = answers[0]?.workflowExecutionId as string;
    const values = (await received(id)).map(([, value]) => value as number).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it("shares its ids with the keys of StartWorkflow, in both directions and at the same time", async () => {
    const [first, second, third] = [newId(), newId(), newId()];
    const started = await calls.start({ idempotencyKey: first });
    const signalled = await calls.signalWithStart({ workflowId: first });
    expect(signalled).toMatchObject({ workflowExecutionId: started.id, workflowCreated: false });
    const created = await calls.signalWithStart({ workflowId: second });
    expect(await calls.start({ idempotencyKey: second })).toMatchObject({
      ...{ id: created.workflowExecutionId, isNew: false },
    });
    const [starts, signals] = await Promise.all([
      Promise.all(Array.from({ length: 10 }, () => calls.start({ idempotencyKey: third }))),
      Promise.all(Array.from({ length: 10 }, () => calls.signalWithStart({ workflowId: third }))),
    ]);
    const ids = [...starts.map(({ id }) => id), ...signals.map(({ workflowExecutionId }) => workflowExecutionId)];
    expect(new Set(ids).size).toBe(1);
    expect(await received(ids[0] as string)).toHaveLength(10);
  });

  it.each(endings)("after a %s execution creates a new one, which has the id from then on", async (_, end) => {
    const workflowId = newId();
    const before = await calls.start({ idempotencyKey: workflowId });
    await end(before);
    const types = await calls.types(before.id);
    const answers = await Promise.all(Array.from({ length: 6 }, () => calls.signalWithStart({ workflowId })));
    const ids = new Set(answers.map(({ workflowExecutionId }) => workflowExecutionId));
    expect(ids.size).toBe(1);
    expect(ids.has(before.id)).toBe(false);
    expect(await calls.types(before.id)).toEqual(types);
    expect(await calls.start({ idempotencyKey: workflowId })).toMatchObject({ id: [...ids][0], isNew: false });
  });

  it("after its key expired creates a new execution, though the old one lives", async () => {
    const workflowId = newId();
    const first = await calls.signalWithStart({ workflowId, idempotencyKeyTtlSeconds: 1 });
    cluster.clock.advance(1_000);
    const second = await calls.signalWithStart({ workflowId });
    expect(second).toMatchObject({ workflowCreated: true });
    expect(second.workflowExecutionId).not.toBe(first.workflowExecutionId);
  });

  it("while the execution completes puts the signal into one history: the old one or a new one's", async () => {
    for (let round = 0; round < 30; round++) {
      const workflowId = newId();
      const claimed = await calls.running({ idempotencyKey: workflowId });
      const [, answer] = await Promise.all([
        calls.submit(claimed, [command.complete("1")], { status: WorkflowStatus.COMPLETED }),
        calls.signalWithStart({ workflowId }),
      ]);
      const { workflowExecutionId: target, workflowCreated } = answer;
      expect(workflowCreated).toBe(target !== claimed.id);
      expect(await received(target)).toHaveLength(1);
      if (target === claimed.id) {
        // The end is held back, because the worker has not seen the signal.
        expect(await calls.types(target)).toEqual(["WORKFLOW_STARTED", "SIGNAL_RECEIVED"]);
        await calls.complete(claimed);
        expect(await calls.types(target)).toEqual(["WORKFLOW_STARTED", "SIGNAL_RECEIVED", "WORKFLOW_COMPLETED"]);
      } else expect(await received(claimed.id)).toEqual([]);
    }
  });

  it("SP-170 takes a signal id once", async () => {
    const message = { workflowId: newId(), signalId: "s-1" };
    const answers = await Promise.all(Array.from({ length: 10 }, () => calls.signalWithStart(message)));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(answers.every(({ signalEventSequence }) => signalEventSequence === 2)).toBe(true);
    const id = answers[0]?.workflowExecutionId as string;
    const direct: SignalWorkflowResponse = await calls.signal({ id }, "go", "1", { signalId: "s-1" });
    expect(direct).toMatchObject({ duplicate: true, signalEventSequence: 2 });
  });

  it("refuses an id that is the key of a task or a promise, and creates nothing", async () => {
    const [ofTask, ofPromise, queue] = [newId(), newId(), `q-${newId()}`];
    await calls.submitTask({ idempotencyKey: ofTask });
    await calls.waiting([command.createPromise("p", { idempotencyKey: ofPromise })]);
    for (const workflowId of [ofTask, ofPromise]) {
      await expect(calls.signalWithStart({ workflowId, queue })).rejects.toMatchObject({
        ...{ code: "AlreadyExists", field: "workflow_id" },
      });
    }
    expect(await cluster.rows("select 1 from workflow_execution where queue = $1", [queue])).toEqual([]);
  });

  it("has ids of its own in each organization", async () => {
    const workflowId = newId();
    const ours = await calls.signalWithStart({ workflowId });
    const theirs = await foreign.signalWithStart({ workflowId });
    expect(theirs).toMatchObject({ workflowCreated: true });
    expect(theirs.workflowExecutionId).not.toBe(ours.workflowExecutionId);
  });

  it.each([
    ["workflow_id", { workflowId: "" }, "InvalidInput"],
    ["workflow_id", { workflowId: "x".repeat(256) }, "InvalidInput"],
    ["workflow_kind", { workflowKind: "" }, "InvalidInput"],
    ["workflow_input", { workflowInput: tooLarge }, "PayloadTooLarge"],
    ["queue", { queue: " a" }, "InvalidInput"],
    ["priority_seconds", { prioritySeconds: 9_001 }, "InvalidInput"],
    ["workflow_version", { workflowVersion: "x".repeat(51) }, "InvalidInput"],
    ["metadata", { metadata: { _flovyn_x: "1" } }, "InvalidInput"],
    ["signal_name", { signalName: "" }, "InvalidInput"],
    ["signal_value", { signalValue: tooLarge }, "PayloadTooLarge"],
    ["signal_id", { signalId: "x".repeat(256) }, "InvalidInput"],
    ["idempotency_key_ttl_seconds", { idempotencyKeyTtlSeconds: 2_592_001 }, "InvalidInput"],
  ])("is refused with the name of the field: %s", async (field, wrong, code) => {
    const queue = `q-${newId()}`;
    await expect(calls.signalWithStart({ workflowId: newId(), queue, ...wrong })).rejects.toMatchObject({
      code,
      field,
    });
    expect(await cluster.rows("select 1 from workflow_execution where queue = $1", [queue])).toEqual([]);
  });
});
