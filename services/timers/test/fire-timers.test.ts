/**
 * Firing, below the loop: which of the timers that a replica found fire, when others found them, too, hold their workflows,
 * or have ended them. Method: two replicas with pools of their own get the same list at the same time.
 */
import { lifecycleSubject, workSubject } from "@flovyn/bus";
import { type DueWait, findDueTimers, nextTimerDue } from "@flovyn/db";
import { LifecycleHint } from "@flovyn/proto/internal";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createFireBatcher } from "../src/fire-timers.js";
import { Sleepers } from "./sleepers.js";

let sleepers: Sleepers;
beforeAll(async () => {
  sleepers = await Sleepers.start();
});
afterAll(() => sleepers.stop());

const due = (limit = 10_000) => findDueTimers(sleepers.db, { now: sleepers.clock.now(), limit });

/** What each replica fired of the same list. */
async function fireEverywhere(timers: readonly DueWait[]): Promise<boolean[][]> {
  const batchers = sleepers.contexts.map(createFireBatcher);
  const fired = await Promise.all(batchers.map((batcher) => Promise.all(timers.map((timer) => batcher.submit(timer)))));
  await Promise.all(batchers.map((batcher) => batcher.stop()));
  return fired;
}

describe("firing", () => {
  it("pitfall 19: of the same timers fires each once, over two replicas", async () => {
    const orders = await Promise.all(
      Array.from({ length: 30 }, () => sleepers.sleeping(...Array.from({ length: 20 }, (_, n) => n))),
    );
    sleepers.clock.advance(20);
    const found = await due();
    expect(found).toHaveLength(600);
    let left = found;
    let count = 0;
    // A timer whose workflow the other replica held is found again.
    for (let pass = 0; left.length > 0; pass++) {
      expect(pass).toBeLessThan(20);
      for (const fired of await fireEverywhere(left)) count += fired.filter(Boolean).length;
      left = await due();
    }
    expect(count).toBe(600);
    for (const order of orders) {
      const ids = await sleepers.fired(order);
      expect(ids).toHaveLength(20);
      expect(new Set(ids).size).toBe(20);
    }
  });

  it("does nothing for a timer that is not due yet, fired before, or was cancelled with its workflow", async () => {
    const [early, done, closed] = [await sleepers.sleeping(50), await sleepers.sleeping(0), await sleepers.sleeping(0)];
    const timers = await sleepers.rows<{ id: string; workflowId: string }>(
      `select id, workflow_execution_id as "workflowId" from timer where workflow_execution_id = any($1)`,
      [[early.id, done.id, closed.id]],
    );
    await sleepers.rows("update timer set status = 'CANCELLED', ended_at = now() where workflow_execution_id = $1", [
      closed.id,
    ]);
    const [first, second] = [await fireEverywhere(timers), await fireEverywhere(timers)];
    expect(first.flat().filter(Boolean)).toHaveLength(1);
    expect(second.flat().filter(Boolean)).toEqual([]);
    expect([await sleepers.fired(early), await sleepers.fired(done), await sleepers.fired(closed)]).toEqual([
      ...[[], ["sleep-0"], []],
    ]);
  });

  it("leaves a workflow that somebody holds for a later pass, and waits for nobody", async () => {
    const [held, free] = [await sleepers.sleeping(0), await sleepers.sleeping(0)];
    const found = await due();
    await sleepers.db.transaction(async (tx) => {
      await tx.query({ text: "select 1 from workflow_execution where id = $1 for no key update", values: [held.id] });
      expect((await fireEverywhere(found)).flat().filter(Boolean)).toHaveLength(1);
    });
    expect([await sleepers.fired(held), await sleepers.fired(free)]).toEqual([[], ["sleep-0"]]);
    expect((await due()).map(({ workflowId }) => workflowId)).toEqual([held.id]);
    await fireEverywhere(await due());
    expect(await sleepers.fired(held)).toEqual(["sleep-0"]);
  });

  it("pitfall 7: hints the queue, and tells live streams that the workflow resumed", async () => {
    const { id, queue } = await sleepers.sleeping(0);
    let hints = 0;
    const events: string[] = [];
    await sleepers.bus.subscribe(workSubject("workflow", sleepers.orgId, queue), () => {
      hints += 1;
    });
    await sleepers.bus.subscribe(lifecycleSubject(sleepers.orgId), (payload) => {
      const mine = LifecycleHint.decode(payload).events.filter((event) => event.workflowExecutionId === id);
      events.push(...mine.map(({ event }) => event));
    });
    await fireEverywhere(await due());
    await sleepers.bus.flush();
    expect(hints).toBeGreaterThan(0);
    expect(events).toEqual(["WORKFLOW_RESUMED"]);
  });
});

describe("looking for due timers", () => {
  it("gives the oldest first, as many as asked for, and the time of the next one", async () => {
    sleepers.clock.advance(1_000);
    await fireEverywhere(await due());
    const base = sleepers.clock.now();
    await sleepers.sleeping(3_000, 1_000, 2_000);
    expect(await nextTimerDue(sleepers.db)).toBe(base + 1_000);
    sleepers.clock.advance(3_000);
    const ids = (await due(2)).map(({ id }) => id);
    const rows = await sleepers.rows<{ id: string; timer: string }>("select id, timer_id as timer from timer");
    expect(ids.map((id) => rows.find((row) => row.id === id)?.timer)).toEqual(["sleep-1", "sleep-2"]);
    await fireEverywhere(await due());
    expect(await nextTimerDue(sleepers.db)).toBeUndefined();
  });
});
