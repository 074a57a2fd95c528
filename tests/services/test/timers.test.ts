/**
 * Timers of workflows, with two replicas of every service. The clock stands still until a test moves it, so a timer that is
 * not due is shown by another one that is: both are looked at in the same pass.
 */
import { newId } from "@flovyn/domain";
import { WorkflowStatus } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Execution } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

const yearMs = 366 * 24 * 3_600_000;

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

const sleeping = (...durationsMs: number[]) =>
  calls.waiting(durationsMs.map((durationMs, index) => command.startTimer(`sleep-${index}`, durationMs)));

const fired = ({ id }: Execution, count = 1) =>
  waitFor(`${count} timers to fire`, async () => {
    const events = await calls.eventsOf(id, "TIMER_FIRED");
    return events.length >= count && events;
  });

/** Waits until a pass of the timers service has looked at everything that is due now. */
async function passOver(): Promise<void> {
  await fired(await sleeping(0));
}

const timersOf = ({ id }: Execution) =>
  cluster.rows(
    `select timer_id as id, status, ended_at is null as open from timer where workflow_execution_id = $1 order by timer_id`,
    [id],
  );

describe("START_TIMER", () => {
  it("fires when the time is over, not before, and wakes the workflow", async () => {
    const order = await sleeping(1_000);
    expect(await calls.status(order.id)).toBe("WAITING");
    cluster.passTime(999);
    await passOver();
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED", "TIMER_STARTED"]);
    cluster.passTime(1);
    await fired(order);
    expect(await calls.status(order.id)).toBe("PENDING");
    const [started] = await calls.eventsOf(order.id, "TIMER_STARTED");
    expect(started?.data).toEqual({ timerId: "sleep-0", durationMs: 1_000, fireAt: cluster.clock.now() });
    const [end] = await calls.eventsOf(order.id, "TIMER_FIRED");
    expect(end?.data).toEqual({ timerId: "sleep-0" });
    expect(await timersOf(order)).toEqual([{ id: "sleep-0", status: "FIRED", open: false }]);
  });

  it("of 0 ms fires at once, after its start in the history", async () => {
    const order = await sleeping(0);
    await fired(order);
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED", "TIMER_STARTED", "TIMER_FIRED"]);
    expect(await calls.status(order.id)).toBe("PENDING");
  });

  it("is remembered when it fires while a worker holds the workflow", async () => {
    const order = await sleeping(100, 10_000);
    await calls.signal(order, "go");
    const claimed = await calls.claim(order);
    cluster.passTime(100);
    await fired(order);
    expect(await calls.status(order.id)).toBe("RUNNING");
    await calls.submit(claimed);
    expect(await calls.status(order.id)).toBe("PENDING");
    await calls.activate(order);
    expect(await calls.status(order.id)).toBe("WAITING");
  });

  it("with an id that the workflow has used changes nothing, in the same activation and in a later one", async () => {
    const order = await calls.waiting([command.startTimer("sleep-1", 500), command.startTimer("sleep-1", 900)]);
    await calls.signal(order, "go");
    cluster.passTime(100);
    await calls.activate(order, [command.startTimer("sleep-1", 500)]);
    expect(await calls.eventsOf(order.id, "TIMER_STARTED")).toHaveLength(1);
    cluster.passTime(400);
    await fired(order);
    await calls.activate(order, [command.startTimer("sleep-1", 500)]);
    expect(await calls.eventsOf(order.id, "TIMER_STARTED")).toHaveLength(1);
    expect(await timersOf(order)).toEqual([{ id: "sleep-1", status: "FIRED", open: false }]);
  });

  it("with the id of another workflow's timer is a timer of its own", async () => {
    const [first, second] = [await sleeping(100), await sleeping(300)];
    cluster.passTime(100);
    await fired(first);
    expect(await calls.eventsOf(second.id, "TIMER_FIRED")).toEqual([]);
    cluster.passTime(200);
    await fired(second);
    expect(await calls.eventsOf(first.id, "TIMER_FIRED")).toHaveLength(1);
  });

  it("pitfall 14: sent again by a worker that lost its claim, arms nothing", async () => {
    const claimed = await calls.running();
    await calls.submit(claimed, [command.startTimer("sleep-1", 5_000)]);
    await calls.submit(claimed, [command.startTimer("sleep-1", 5_000), command.startTimer("sleep-2", 5_000)]);
    expect(await timersOf(claimed)).toEqual([{ id: "sleep-1", status: "ARMED", open: true }]);
    expect(await calls.types(claimed.id)).toEqual(["WORKFLOW_STARTED", "TIMER_STARTED"]);
  });

  it.each([
    ["timer_id", command.startTimer(" ", 1)],
    ["timer_id", command.startTimer("x".repeat(256), 1)],
    ["duration_ms", command.startTimer("sleep", -1)],
    ["duration_ms", command.startTimer("sleep", 11 * yearMs)],
  ])("is refused with the name of the field: %s", async (field, wrong) => {
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [command.startTimer("fine", 1), wrong])).rejects.toMatchObject({
      code: "InvalidInput",
      field: `commands[1].start_timer.${field}`,
    });
    expect(await timersOf(claimed)).toEqual([]);
    expect(await calls.status(claimed.id)).toBe("RUNNING");
  });
});

describe("CANCEL_TIMER", () => {
  it("disarms an armed timer, once, and hands the workflow out again: some clients end their sleep with it", async () => {
    const order = await sleeping(100, 5_000);
    await calls.signal(order, "go");
    await calls.activate(order, [command.cancelTimer("sleep-0"), command.cancelTimer("sleep-0")]);
    expect(await calls.status(order.id)).toBe("PENDING");
    await calls.activate(order, [command.cancelTimer("sleep-0")]);
    expect(await calls.status(order.id)).toBe("WAITING");
    cluster.passTime(100);
    await passOver();
    expect((await calls.eventsOf(order.id, "TIMER_CANCELLED")).map(({ data }) => data)).toEqual([
      { timerId: "sleep-0" },
    ]);
    expect(await calls.eventsOf(order.id, "TIMER_FIRED")).toEqual([]);
    expect(await timersOf(order)).toEqual([
      { id: "sleep-0", status: "CANCELLED", open: false },
      { id: "sleep-1", status: "ARMED", open: true },
    ]);
  });

  it("in the activation that starts the timer leaves both events and nothing armed", async () => {
    const order = await calls.waiting([command.startTimer("sleep-1", 0), command.cancelTimer("sleep-1")]);
    await passOver();
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED", "TIMER_STARTED", "TIMER_CANCELLED"]);
    expect(await timersOf(order)).toEqual([{ id: "sleep-1", status: "CANCELLED", open: false }]);
  });

  it("of a timer that fired, or that never was, leaves no event and no news", async () => {
    const order = await sleeping(0);
    await fired(order);
    await calls.activate(order, [command.cancelTimer("sleep-0"), command.cancelTimer("never")]);
    expect(await calls.types(order.id)).toEqual(["WORKFLOW_STARTED", "TIMER_STARTED", "TIMER_FIRED"]);
    expect(await calls.status(order.id)).toBe("WAITING");
    expect(await timersOf(order)).toEqual([{ id: "sleep-0", status: "FIRED", open: false }]);
  });

  it("against the due time: each timer ends one way", async () => {
    const orders = await Promise.all(Array.from({ length: 60 }, () => sleeping(1_000)));
    await Promise.all(orders.map((order) => calls.signal(order, "go")));
    const claimed = await Promise.all(orders.map((order) => calls.claim(order)));
    cluster.passTime(1_000);
    await Promise.all(claimed.map((one) => calls.submit(one, [command.cancelTimer("sleep-0")])));
    await passOver();
    for (const { id } of orders) {
      const ends = (await calls.types(id)).filter((type) => /^TIMER_(FIRED|CANCELLED)$/.test(type));
      expect(ends).toHaveLength(1);
      expect(await calls.status(id)).toBe("PENDING");
    }
  });

  it("is refused without a timer id", async () => {
    const claimed = await calls.running();
    await expect(calls.submit(claimed, [command.cancelTimer("")])).rejects.toMatchObject({
      code: "InvalidInput",
      field: "commands[0].cancel_timer.timer_id",
    });
  });
});

describe("firing", () => {
  it("pitfall 19: with two replicas fires each of many timers once, and none early", async () => {
    const orders = await Promise.all(
      Array.from({ length: 40 }, (_, at) => sleeping(...Array.from({ length: 20 }, (_, n) => 10 * (at + n)))),
    );
    for (let step = 0; step < 12; step++) {
      cluster.passTime(60);
      // A second hint, and a third: the replicas look at the same timers at the same time.
      cluster.passTime(0);
      await fired(orders[0] as Execution, Math.min(20, 1 + step * 6));
    }
    await Promise.all(orders.map((order) => fired(order, 20)));
    const early = await cluster.rows(
      `select ended.id from workflow_event ended
       join timer on timer.workflow_execution_id = ended.workflow_execution_id
         and timer.timer_id = convert_from(ended.event_data, 'UTF8')::json ->> 'timerId'
       where ended.event_type = 'TIMER_FIRED'
         and ended.created_at < timer.created_at + timer.duration_ms * interval '1 millisecond'`,
    );
    expect(early).toEqual([]);
    for (const { id } of orders) {
      const ids = (await calls.eventsOf(id, "TIMER_FIRED")).map(({ data }) => data.timerId);
      expect(new Set(ids).size).toBe(20);
      expect(ids).toHaveLength(20);
    }
  });

  it("makes up for an outage: overdue timers fire when the service is back, in order, though no hint tells", async () => {
    const order = await sleeping(40_000, 1_000);
    await cluster.stopServices(["timers"]);
    cluster.clock.advance(50_000);
    expect(await calls.eventsOf(order.id, "TIMER_FIRED")).toEqual([]);
    await Promise.all([cluster.startReplica("timers"), cluster.startReplica("timers")]);
    const events = await fired(order, 2);
    expect(events.map(({ data }) => data.timerId)).toEqual(["sleep-1", "sleep-0"]);
  });

  it("drains a storm of 10,000 while signals and starts are answered", async () => {
    const ids = Array.from({ length: 100 }, (_, index) => `sleep-${index}`);
    const orders = await Promise.all(
      ids.map(() => calls.waiting(ids.map((timerId) => command.startTimer(timerId, 60_000)))),
    );
    cluster.passTime(60_000);
    const answers = await Promise.all(orders.map((order) => calls.signal(order, "go")));
    const started = await Promise.all(orders.map(() => calls.start()));
    const armed = "select 1 from timer where workflow_execution_id = any($1) and status = 'ARMED' limit 1";
    const drained = async () => (await cluster.rows(armed, [orders.map(({ id }) => id)])).length === 0;
    await waitFor("the storm to be drained", drained, { timeoutMs: 60_000, intervalMs: 200 });
    expect(answers.every(({ signalEventSequence }) => signalEventSequence > 0)).toBe(true);
    expect(new Set(started.map(({ id }) => id)).size).toBe(100);
    const counts = await cluster.rows<{ type: string; count: number }>(
      `select event_type as type, count(*)::int as count from workflow_event
       where workflow_execution_id = any($1) group by event_type`,
      [orders.map(({ id }) => id)],
    );
    expect(Object.fromEntries(counts.map(({ type, count }) => [type, count]))).toEqual({
      ...{ WORKFLOW_STARTED: 100, TIMER_STARTED: 10_000, TIMER_FIRED: 10_000, SIGNAL_RECEIVED: 100 },
    });
    // The signals did not have to wait for the storm to end.
    const eventsBefore = 1 + 2 * ids.length;
    expect(answers.some(({ signalEventSequence }) => signalEventSequence <= eventsBefore)).toBe(true);
  }, 300_000);

  it("leaves the timers of an ended workflow alone, however it ended", async () => {
    const [completed, failed, cancelled, gaveUp] = await Promise.all([1, 2, 3, 4].map(() => sleeping(500, 700)));
    const ended = [completed, failed, cancelled, gaveUp] as Execution[];
    await Promise.all(ended.map((order) => calls.signal(order, "go")));
    await calls.complete(completed as Execution, "1", [command.startTimer("last", 500)]);
    await calls.fail(failed as Execution);
    await calls.cancel(cancelled as Execution);
    await calls.activate(gaveUp as Execution, [command.cancel("enough")], { status: WorkflowStatus.CANCELLED });
    cluster.passTime(1_000);
    await passOver();
    for (const { id } of ended) {
      expect(await calls.eventsOf(id, "TIMER_FIRED")).toEqual([]);
      expect(await calls.eventsOf(id, "TIMER_CANCELLED")).toEqual([]);
    }
    const rows = await cluster.rows("select status from timer where workflow_execution_id = any($1)", [
      ended.map(({ id }) => id),
    ]);
    expect(rows).toEqual(Array.from({ length: 9 }, () => ({ status: "CANCELLED" })));
  });

  it("keeps timers and late commands of another organization's workflow out of reach", async () => {
    const foreign = new Calls(cluster, { ...cluster.caller, orgId: cluster.otherOrgId });
    const claimed = await calls.running();
    await expect(foreign.submit(claimed, [command.startTimer("sleep", 1)])).rejects.toMatchObject({ code: "NotFound" });
    await expect(foreign.submit({ id: newId() })).rejects.toMatchObject({ code: "NotFound" });
    expect(await timersOf(claimed)).toEqual([]);
  });

  it("waits ten years", async () => {
    const order = await sleeping(10 * yearMs);
    cluster.passTime(10 * yearMs - 1);
    await passOver();
    expect(await calls.eventsOf(order.id, "TIMER_FIRED")).toEqual([]);
    cluster.passTime(1);
    await fired(order);
  });
});
