/**
 * Promises of workflows, with two replicas of every service: who may settle which one how often, what a caller is told, and
 * what the history holds.
 */
import { newId } from "@flovyn/domain";
import type { CreatePromiseCommand, WorkflowCommand } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, codes, type Execution } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
let foreign: Calls;
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
  foreign = new Calls(cluster, { orgId: cluster.otherOrgId, principalType: "User", principalId: "stranger" });
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const value = (text: string) => ({ $case: "value" as const, value: Buffer.from(text) });
const error = (text: string) => ({ $case: "error" as const, value: text });
const isSettlement = (type: string) => /^PROMISE_(RESOLVED|REJECTED|TIMEOUT)$/.test(type);

/** An execution that waits for a promise, and the id of it. */
async function promising(name = "approval", more: Partial<CreatePromiseCommand> = {}) {
  const order = await calls.waiting([command.createPromise(name, more)]);
  return { ...order, promiseId: (await promiseIds(order))[0] as string };
}

const promiseIds = async ({ id }: { id: string }): Promise<string[]> =>
  (await calls.eventsOf(id, "PROMISE_CREATED")).map(({ data }) => data.promiseId);

const settlements = async ({ id }: { id: string }) => (await calls.events(id)).filter(({ type }) => isSettlement(type));

const rowsOf = ({ id }: { id: string }) =>
  cluster.rows<{ id: string; name: string; status: string }>(
    "select id, name, status from promise where workflow_execution_id = $1 order by id",
    [id],
  );

const keyHolder = async (key: string, orgId = cluster.orgId): Promise<string | undefined> => {
  const rows = await cluster.rows<{ holder: string }>(
    `select coalesce(promise_id, task_execution_id, workflow_execution_id) as holder from idempotency_key
     where org_id = $1 and key = $2`,
    [orgId, key],
  );
  return rows[0]?.holder;
};

describe("CREATE_PROMISE", () => {
  it("opens a promise under an id that the event tells, and its settlement tells again", async () => {
    const order = await promising("approval", { timeoutMs: 30_000 });
    expect(await rowsOf(order)).toEqual([{ id: order.promiseId, name: "approval", status: "OPEN" }]);
    const [created] = await calls.eventsOf(order.id, "PROMISE_CREATED");
    expect(created?.data).toEqual({
      ...{ promiseName: "approval", promiseId: order.promiseId, timeoutMs: 30_000, idempotencyKey: null },
    });
    expect(await calls.status(order.id)).toBe("WAITING");
    await calls.resolve(order.promiseId, '{"ok":1.0}');
    expect(await calls.status(order.id)).toBe("PENDING");
    const [settled] = await settlements(order);
    expect(settled?.type).toBe("PROMISE_RESOLVED");
    expect(settled?.text).toBe(`{"promiseId":"${order.promiseId}","promiseName":"approval","value":{"ok":1.0}}`);
    expect(await calls.promise(order.promiseId)).toMatchObject({
      ...{ id: order.promiseId, workflowExecutionId: order.id, name: "approval", status: "RESOLVED" },
      ...{ createdAtMs: cluster.clock.now(), settledAtMs: cluster.clock.now(), value: Buffer.from('{"ok":1.0}') },
    });
  });

  it("may use a name again: by name the oldest open one is settled first", async () => {
    const order = await calls.waiting([command.createPromise("vote"), command.createPromise("vote")]);
    const [first, second] = await promiseIds(order);
    expect(first).not.toBe(second);
    await calls.resolve(`${order.id}:vote`, '"one"');
    await calls.resolve(`${order.id}:vote`, '"two"');
    expect((await settlements(order)).map(({ data }) => [data.promiseId, data.value])).toEqual([
      [first, "one"],
      [second, "two"],
    ]);
    // None is open: the newest is meant, and its outcome is told.
    await expect(calls.resolve(`${order.id}:vote`, '"one"')).rejects.toMatchObject({ code: "WrongState" });
    await calls.resolve(`${order.id}:vote`, '"two"');
  });

  it.each([
    ["promise_id", command.createPromise(" ")],
    ["promise_id", command.createPromise("x".repeat(256))],
    ["timeout_ms", command.createPromise("p", { timeoutMs: -1 })],
    ["timeout_ms", command.createPromise("p", { timeoutMs: 11 * 366 * 24 * 3_600_000 })],
    ["idempotency_key", command.createPromise("p", { idempotencyKey: "x".repeat(256) })],
    ["idempotency_key_ttl_seconds", command.createPromise("p", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 0 })],
    [
      "idempotency_key_ttl_seconds",
      command.createPromise("p", { idempotencyKey: "k", idempotencyKeyTtlSeconds: 2_592_001 }),
    ],
  ])("is refused with the name of the field: %s", async (field, wrong) => {
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [wrong])).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: `commands[0].create_promise.${field}` },
    });
    expect(await rowsOf(claimed)).toEqual([]);
  });

  it("pitfall 14: sent again by a worker that lost its claim, opens nothing", async () => {
    const claimed = await calls.running();
    await calls.submit(claimed, [command.createPromise("approval")]);
    await calls.submit(claimed, [command.createPromise("approval")]);
    expect(await rowsOf(claimed)).toHaveLength(1);
  });
});

describe("ResolvePromise, RejectPromise", () => {
  it.each([
    ["the id", (order: { promiseId: string }) => order.promiseId],
    ["the id in capitals", (order: { promiseId: string }) => order.promiseId.toUpperCase()],
    ["id:", (order: { promiseId: string }) => `id:${order.promiseId}`],
    ["workflow:name", (order: { id: string }) => `${order.id}:a:b/c`],
    ["workflow/name", (order: { id: string }) => `${order.id}/a:b/c`],
    ["key: with colons", (order: { key: string }) => `key:${order.key}`],
  ])("take %s", async (_, nameOf) => {
    const key = `stripe:ch_${newId()}`;
    const order = await promising("a:b/c", { idempotencyKey: key });
    await calls.reject(nameOf({ ...order, key }), "no");
    expect((await settlements(order)).map(({ type, data }) => [type, data])).toEqual([
      ["PROMISE_REJECTED", { promiseId: order.promiseId, promiseName: "a:b/c", error: "no" }],
    ]);
  });

  it.each(["", "approval", "id:", "id:approval", "key:", "key: ", "id/01a1fd39-0000-7000-8000-000000000001"])(
    "refuse %j",
    async (text) => {
      await expect(calls.resolve(text)).rejects.toMatchObject({ code: "InvalidInput", field: "promise_id" });
      await expect(calls.reject(text)).rejects.toMatchObject({ code: "InvalidInput", field: "promise_id" });
      await expect(calls.settle(text, value("1"))).rejects.toMatchObject({ code: "InvalidInput", field: "promise" });
      await expect(calls.promise(text)).rejects.toMatchObject({ code: "InvalidInput", field: "promise" });
    },
  );

  it("know nothing of missing promises, names and keys", async () => {
    const order = await promising();
    for (const text of [newId(), `${order.id}:other`, `${newId()}:approval`, `key:${newId()}`, order.id]) {
      await expect(calls.resolve(text)).rejects.toMatchObject({ code: "NotFound" });
      await expect(calls.settle(text, value("1"))).rejects.toMatchObject({ code: "NotFound" });
      await expect(calls.promise(text)).rejects.toMatchObject({ code: "NotFound" });
    }
  });

  it("do not find a key that a task or a workflow holds", async () => {
    const key = newId();
    await calls.start({ idempotencyKey: key });
    await expect(calls.resolve(`key:${key}`)).rejects.toMatchObject({ code: "NotFound" });
  });

  it("treat a promise of another organization as missing", async () => {
    const key = newId();
    const order = await promising("approval", { idempotencyKey: key });
    for (const text of [order.promiseId, `${order.id}:approval`, `key:${key}`]) {
      await expect(foreign.resolve(text)).rejects.toMatchObject({ code: "NotFound" });
      await expect(foreign.promise(text)).rejects.toMatchObject({ code: "NotFound" });
    }
    expect(await settlements(order)).toEqual([]);
  });

  it("decision 14: accept the outcome that counts once more, and refuse another", async () => {
    const resolved = await promising();
    await calls.resolve(resolved.promiseId, "1");
    await calls.resolve(resolved.promiseId, "1");
    for (const other of [() => calls.resolve(resolved.promiseId, "2"), () => calls.reject(resolved.promiseId, "1")]) {
      await expect(other()).rejects.toMatchObject({ code: "WrongState", reason: "ALREADY_SETTLED" });
    }
    const rejected = await promising();
    await calls.reject(rejected.promiseId, "no");
    await calls.reject(rejected.promiseId, "no");
    for (const other of [
      () => calls.reject(rejected.promiseId, "never"),
      () => calls.resolve(rejected.promiseId, '"no"'),
    ]) {
      await expect(other()).rejects.toMatchObject({ code: "WrongState", reason: "ALREADY_SETTLED" });
    }
    expect(await settlements(resolved)).toHaveLength(1);
    expect(await settlements(rejected)).toHaveLength(1);
  });

  it("pitfall 19: of 20 that settle a promise at once on two replicas one wins", async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => promising()));
    for (const order of orders) {
      const answers = await codes(
        Array.from({ length: 20 }, (_, index) =>
          index % 2 === 0 ? calls.resolve(order.promiseId, `${index}`) : calls.reject(order.promiseId, `${index}`),
        ),
      );
      expect(answers.filter((answer) => answer === "OK")).toHaveLength(1);
      expect(answers.filter((answer) => answer === "WrongState")).toHaveLength(19);
      expect(await settlements(order)).toHaveLength(1);
    }
  });

  it("tell a workflow that a worker holds: its suspend finds the news", async () => {
    const order = await promising();
    await calls.signal(order, "go");
    const claimed = await calls.claim(order);
    await calls.resolve(order.promiseId);
    await calls.submit(claimed);
    expect(await calls.status(order.id)).toBe("PENDING");
  });

  it("are too late for a promise of an ended workflow, and leave its history alone", async () => {
    const endings: ((order: Execution) => Promise<unknown>)[] = [
      (order) => calls.complete(order),
      (order) => calls.fail(order),
      (order) => calls.cancel(order),
    ];
    for (const end of endings) {
      const order = await promising();
      await calls.signal(order, "go");
      await end(order);
      const length = (await calls.events(order.id)).length;
      await expect(calls.resolve(order.promiseId)).rejects.toMatchObject({
        ...{ code: "WrongState", message: "the promise is CANCELLED" },
      });
      const settled = await calls.settle(order.promiseId, value("1"));
      expect(settled).toMatchObject({ settled: false, status: "CANCELLED", promiseId: order.promiseId });
      expect(await calls.events(order.id)).toHaveLength(length);
      expect(await rowsOf(order)).toMatchObject([{ status: "CANCELLED" }]);
    }
  });

  it("refuse a value over the limit, and cut an error", async () => {
    const order = await promising();
    const large = Buffer.alloc(4 * 1024 * 1024, 0x20).toString();
    await expect(calls.resolve(order.promiseId, large)).rejects.toMatchObject({
      ...{ code: "PayloadTooLarge", field: "value" },
    });
    await calls.reject(order.promiseId, "x".repeat(70_000));
    expect((await settlements(order))[0]?.data.error).toHaveLength(64 * 1024);
  });
});

describe("internal/SettlePromise", () => {
  it("answers where the calls of workers refuse", async () => {
    const order = await promising();
    const first = await calls.settle(`id:${order.promiseId}`, error("no"));
    expect(first).toEqual({ promiseId: order.promiseId, settled: true, status: "REJECTED" });
    const again = await calls.settle(order.promiseId, value("1"));
    expect(again).toEqual({ promiseId: order.promiseId, settled: false, status: "REJECTED" });
    expect(await settlements(order)).toHaveLength(1);
    await expect(calls.settle(order.promiseId, undefined)).rejects.toMatchObject({
      ...{ code: "InvalidInput", field: "outcome" },
    });
  });
});

describe("timeouts", () => {
  it("pitfall 22: wake the workflow with the id and the name of the promise, not before the time", async () => {
    const order = await promising("approval", { timeoutMs: 1_000 });
    cluster.passTime(999);
    await timedOut(await promising("now", { timeoutMs: 0 }));
    expect(await settlements(order)).toEqual([]);
    cluster.passTime(1);
    const events = await timedOut(order);
    expect(events.map(({ data }) => data)).toEqual([{ promiseId: order.promiseId, promiseName: "approval" }]);
    expect(await calls.status(order.id)).toBe("PENDING");
    expect(await rowsOf(order)).toMatchObject([{ status: "TIMED_OUT" }]);
    await expect(calls.resolve(order.promiseId)).rejects.toMatchObject({ message: "the promise is TIMED_OUT" });
  });

  it("against settlements: each promise ends one way", async () => {
    const orders = await Promise.all(Array.from({ length: 60 }, () => promising("approval", { timeoutMs: 500 })));
    cluster.passTime(500);
    const answers = await codes(orders.map(({ promiseId }) => calls.resolve(promiseId)));
    await timedOut(await promising("now", { timeoutMs: 0 }));
    const won = await Promise.all(
      orders.map(async (order) => {
        const ends = await settlements(order);
        expect(ends).toHaveLength(1);
        return ends[0]?.type === "PROMISE_RESOLVED" ? "OK" : "WrongState";
      }),
    );
    expect(answers).toEqual(won);
  });

  it("happen once for each of many promises, and are made up for after an outage", async () => {
    const many = Array.from(
      { length: 300 },
      (_, n): WorkflowCommand => command.createPromise(`p-${n}`, { timeoutMs: n }),
    );
    const orders = await Promise.all([calls.waiting(many), calls.waiting(many)]);
    await cluster.stopServices(["promises"]);
    cluster.clock.advance(300);
    await Promise.all([cluster.startReplica("promises"), cluster.startReplica("promises")]);
    for (const order of orders) {
      const names = (await timedOut(order, 300)).map(({ data }) => data.promiseName);
      expect(new Set(names).size).toBe(300);
      expect(names).toHaveLength(300);
    }
  });

  const timedOut = ({ id }: { id: string }, count = 1) =>
    waitFor(`${count} promises to time out`, async () => {
      const events = await calls.eventsOf(id, "PROMISE_TIMEOUT");
      return events.length >= count && events;
    });
});

describe("RESOLVE_PROMISE", () => {
  it("resolves by name and by id, and hands the workflow out again: it may await what it settled itself", async () => {
    const order = await calls.waiting([command.createPromise("a"), command.createPromise("b")]);
    const [a, b] = await promiseIds(order);
    await calls.signal(order, "go");
    await calls.activate(order, [command.resolvePromise("a", "1.0"), command.resolvePromise(b as string, '"x"')]);
    expect((await settlements(order)).map(({ text }) => text)).toEqual([
      `{"promiseId":"${a}","promiseName":"a","value":1.0}`,
      `{"promiseId":"${b}","promiseName":"b","value":"x"}`,
    ]);
    expect(await calls.status(order.id)).toBe("PENDING");
    expect(await rowsOf(order)).toMatchObject([{ status: "RESOLVED" }, { status: "RESOLVED" }]);
    expect(await calls.promise(a as string)).toMatchObject({ value: Buffer.from("1.0") });
  });

  it("resolves a promise that the same submission creates", async () => {
    const order = await calls.waiting([command.createPromise("a"), command.resolvePromise("a", "1")]);
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED", "PROMISE_CREATED", "PROMISE_RESOLVED"]);
    expect(await rowsOf(order)).toMatchObject([{ status: "RESOLVED" }]);
    expect(await calls.status(order.id)).toBe("PENDING");
  });

  it("of two with one name resolves the oldest open one, across submissions", async () => {
    const order = await calls.waiting([command.createPromise("vote")]);
    await calls.signal(order, "go");
    await calls.activate(order, [
      ...[command.createPromise("vote"), command.resolvePromise("vote", "1"), command.resolvePromise("vote", "2")],
      command.resolvePromise("vote", "3"),
    ]);
    const ids = await promiseIds(order);
    expect((await settlements(order)).map(({ data }) => [data.promiseId, data.value])).toEqual([
      [ids[0], 1],
      [ids[1], 2],
    ]);
  });

  it("of a settled promise leaves no event and no news", async () => {
    const order = await promising();
    await calls.resolve(order.promiseId, "1");
    await calls.activate(order, [command.resolvePromise("approval", "2")]);
    expect((await settlements(order)).map(({ data }) => data.value)).toEqual([1]);
    expect(await calls.status(order.id)).toBe("WAITING");
  });

  it("of an unknown promise refuses the whole submission, and nothing of it is written", async () => {
    const other = await promising();
    const key = newId();
    for (const unknown of ["nobody", newId(), other.promiseId]) {
      const claimed = await calls.running();
      const commands = [
        ...[command.startTimer("sleep", 1), command.setState("k", "1"), command.scheduleTask(newId())],
        ...[command.createPromise("p", { idempotencyKey: key }), command.scheduleChild(newId(), "child")],
        command.resolvePromise(unknown, "1"),
      ];
      await expect(calls.submit(claimed, commands)).rejects.toMatchObject({
        ...{ code: "WrongState", field: "resolve_promise.promise_id", reason: "NO_SUCH_PROMISE" },
      });
      expect(await calls.types(claimed.id)).toEqual(["WORKFLOW_STARTED"]);
      expect(await calls.status(claimed.id)).toBe("RUNNING");
      for (const table of ["timer", "promise", "task_execution", "workflow_state"]) {
        expect(await cluster.rows(`select 1 from ${table} where workflow_execution_id = $1`, [claimed.id])).toEqual([]);
      }
      const children = "select 1 from workflow_execution where parent_workflow_execution_id = $1";
      expect(await cluster.rows(children, [claimed.id])).toEqual([]);
      expect(await keyHolder(key)).toBeUndefined();
    }
    expect(await settlements(other)).toEqual([]);
  });

  it("against settlements from outside: one of them counts", async () => {
    const orders = await Promise.all(Array.from({ length: 40 }, () => promising()));
    await Promise.all(orders.map((order) => calls.signal(order, "go")));
    const claimed = await Promise.all(orders.map((order) => calls.claim(order)));
    await Promise.all([
      ...claimed.map((one) => calls.submit(one, [command.resolvePromise("approval", '"own"')])),
      ...orders.map(({ promiseId }) => calls.settle(promiseId, value('"outside"'))),
    ]);
    for (const order of orders) expect(await settlements(order)).toHaveLength(1);
  });
});

describe("keys of promises", () => {
  const keyed = (key: string, more: Partial<CreatePromiseCommand> = {}) =>
    command.createPromise("approval", { idempotencyKey: key, ...more });

  it("decision 13: a key that another promise, a task or a workflow holds refuses the submission", async () => {
    const [ofPromise, ofTask, ofWorkflow, unused] = [newId(), newId(), newId(), newId()];
    const holder = await promising("approval", { idempotencyKey: ofPromise });
    await calls.waiting([command.scheduleTask(newId(), { idempotencyKey: ofTask })]);
    await calls.start({ idempotencyKey: ofWorkflow });
    for (const key of [ofPromise, ofTask, ofWorkflow]) {
      const claimed = await calls.running();
      await expect(calls.submit(claimed, [keyed(unused), keyed(key)])).rejects.toMatchObject({
        ...{ code: "WrongState", field: "create_promise.idempotency_key", reason: "KEY_TAKEN" },
      });
      expect(await rowsOf(claimed)).toEqual([]);
      expect(await keyHolder(unused)).toBeUndefined();
    }
    expect(await keyHolder(ofPromise)).toBe(holder.promiseId);
  });

  it("cannot be used twice in one submission: there every command is new", async () => {
    const claimed = await calls.running();
    const key = newId();
    await expect(calls.submit(claimed, [keyed(key), keyed(key)])).rejects.toMatchObject({ reason: "KEY_TAKEN" });
    expect(await keyHolder(key)).toBeUndefined();
  });

  it("make a repeated CREATE_PROMISE recognizable: it changes nothing", async () => {
    const key = newId();
    const order = await promising("approval", { idempotencyKey: key });
    await calls.signal(order, "go");
    await calls.activate(order, [keyed(key)]);
    await calls.resolve(order.promiseId);
    await calls.activate(order, [keyed(key)]);
    expect(await rowsOf(order)).toHaveLength(1);
    expect(await promiseIds(order)).toEqual([order.promiseId]);
    expect(await keyHolder(key)).toBe(order.promiseId);
    await calls.signal(order, "go");
    const other = command.createPromise("another", { idempotencyKey: key });
    await expect(calls.activate(order, [other])).rejects.toMatchObject({ reason: "KEY_TAKEN" });
  });

  it("decision 26: a worker that lost its claim cannot keep the key from the one that took over", async () => {
    const key = newId();
    const late = await calls.running();
    await calls.release("dispatch", [late]);
    await expect(calls.submit(late, [keyed(key)])).rejects.toMatchObject({ code: "StaleClaim" });
    expect(await keyHolder(key)).toBeUndefined();
    await calls.activate(late, [keyed(key)]);
    expect(await keyHolder(key)).toBe((await promiseIds(late))[0]);
    // Once more, late and in one batch with another that wants the key.
    const [first, second] = [await calls.running(), await calls.running()];
    const contested = newId();
    await calls.release("dispatch", [first]);
    const answers = await codes([calls.submit(first, [keyed(contested)]), calls.submit(second, [keyed(contested)])]);
    expect(answers).toEqual(["StaleClaim", "OK"]);
    expect(await keyHolder(contested)).toBe((await promiseIds(second))[0]);
  });

  it("are won by one of many that create with the same key at once; the others are refused as a whole", async () => {
    const key = newId();
    const claimed = await Promise.all(Array.from({ length: 20 }, () => calls.running()));
    const answers = await codes(claimed.map((one) => calls.submit(one, [command.startTimer("t", 60_000), keyed(key)])));
    expect(answers.filter((answer) => answer === "OK")).toHaveLength(1);
    expect(answers.filter((answer) => answer === "WrongState")).toHaveLength(19);
    const timers = "select 1 from timer where workflow_execution_id = any($1)";
    expect(await cluster.rows(timers, [claimed.map(({ id }) => id)])).toHaveLength(1);
  });

  it.each([
    ["fails", (order: Execution) => calls.fail(order), false],
    ["is cancelled", (order: Execution) => calls.cancel(order), false],
    // What a caller asks under the key of a settled promise still has an answer.
    ["completes", (order: Execution) => calls.complete(order), true],
  ])("when the workflow %s are free again, save that of a settled promise of a completed one", async (_, end, kept) => {
    const [settled, open] = [newId(), newId()];
    const order = await calls.waiting([keyed(settled), keyed(open)]);
    const [first] = await promiseIds(order);
    await calls.resolve(first as string);
    await end(order);
    expect(await keyHolder(open)).toBeUndefined();
    expect(await keyHolder(settled)).toBe(kept ? first : undefined);
    const next = await calls.waiting([keyed(open)]);
    expect(await keyHolder(open)).toBe((await promiseIds(next))[0]);
    if (!kept) return;
    expect(await calls.promise(`key:${settled}`)).toMatchObject({ id: first, status: "RESOLVED" });
    await calls.resolve(`key:${settled}`);
  });

  it("that expired neither find the promise nor keep others from taking them", async () => {
    const key = newId();
    const order = await promising("approval", { idempotencyKey: key, idempotencyKeyTtlSeconds: 1 });
    cluster.clock.advance(1_000);
    await expect(calls.resolve(`key:${key}`)).rejects.toMatchObject({ code: "NotFound" });
    const other = await promising("approval", { idempotencyKey: key });
    await calls.resolve(`key:${key}`);
    expect(await settlements(order)).toEqual([]);
    expect(await settlements(other)).toHaveLength(1);
    await calls.resolve(order.promiseId);
    expect(await settlements(order)).toHaveLength(1);
  });

  it("are spaces of their own in each organization", async () => {
    const key = newId();
    const order = await promising("approval", { idempotencyKey: key });
    const theirs = await foreign.start();
    await foreign.activate(theirs, [keyed(key)]);
    await foreign.resolve(`key:${key}`);
    expect(await settlements(order)).toEqual([]);
    const created = (await foreign.events(theirs.id)).find(({ type }) => type === "PROMISE_CREATED");
    expect(await keyHolder(key, cluster.otherOrgId)).toBe(created?.data.promiseId);
  });
});
