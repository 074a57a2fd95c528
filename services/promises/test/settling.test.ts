/**
 * Settling and timing out in batches, below the calls: what a batch decides when several of its items mean the same promise,
 * and when two replicas get the same ones at the same time.
 */
import { lifecycleSubject, workSubject } from "@flovyn/bus";
import { type DueWait, findTimedOutPromises, type PromiseRef } from "@flovyn/db";
import { newId, type Settlement } from "@flovyn/domain";
import { LifecycleHint } from "@flovyn/proto/internal";
import { countSteps } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSettleBatcher } from "../src/batches/settle.js";
import { createTimeOutBatcher } from "../src/batches/time-out.js";
import type { PromisesContext } from "../src/context.js";
import { Promisers } from "./promisers.js";

let promisers: Promisers;
beforeAll(async () => {
  promisers = await Promisers.start();
});
afterAll(() => promisers.stop());

const actor = { type: "user", id: "ann" } as const;
const resolved = (text: string): Settlement => ({ type: "RESOLVED", value: Buffer.from(text) });

/** One batch of one replica: what is submitted in one turn leaves together. */
async function settle(refs: readonly (PromiseRef & { orgId?: string })[]) {
  const batcher = createSettleBatcher(promisers.contexts[0] as PromisesContext);
  const outcomes = await Promise.all(
    refs.map(({ orgId = promisers.orgId, ...ref }, n) =>
      batcher.submit({ orgId, ref: ref as PromiseRef, settlement: resolved(`${n}`), actor }).then(
        ({ settled, promise }) => `${settled} ${promise.status} ${Buffer.from(promise.value ?? "")}`,
        (error: { code: string }) => error.code,
      ),
    ),
  );
  expect(batcher.stats.batches).toBe(1);
  await batcher.stop();
  return outcomes;
}

describe("settling in one batch", () => {
  it("lets the first of several win, and shows its outcome to the others", async () => {
    const order = await promisers.promising(["p"]);
    const ref = { id: order.promiseIds[0] as string };
    expect(await settle([ref, ref, ref])).toEqual(["true RESOLVED 0", "false RESOLVED 0", "false RESOLVED 0"]);
    expect(await promisers.settlements(order)).toEqual([["PROMISE_RESOLVED", ref.id]]);
  });

  it("gives items that mean the same name one promise each, the oldest first", async () => {
    const order = await promisers.promising(["vote", "vote"]);
    const ref = { workflowId: order.id, name: "vote" };
    expect(await settle([ref, ref, ref])).toEqual(["true RESOLVED 0", "true RESOLVED 1", "false RESOLVED 1"]);
    expect((await promisers.settlements(order)).map(([, id]) => id)).toEqual(order.promiseIds);
  });

  it("costs steps that grow with the items, also when they mean one name", async () => {
    const costs: number[] = [];
    // What runs for the first time is counted otherwise.
    for (const count of [8, 64, 128, 256]) {
      const order = await promisers.promising(Array.from({ length: count }, () => "vote"));
      const ref = { workflowId: order.id, name: "vote" };
      const refs = Array.from({ length: count }, () => ref);
      costs.push(await countSteps(() => settle(refs)));
    }
    const [, small = 0, medium = 0, large = 0] = costs;
    expect(medium / small).toBeLessThan(2.2);
    expect(large / medium).toBeLessThan(2.2);
  });

  it("refuses the items of strangers and of nobody, and settles the others", async () => {
    const order = await promisers.promising(["p"]);
    const theirs = await promisers.promising(["p"], null, promisers.otherOrgId);
    const own = { id: order.promiseIds[0] as string };
    const foreign = { workflowId: theirs.id, name: "p" };
    expect(await settle([foreign, { id: newId() }, own, { ...foreign, orgId: promisers.otherOrgId }])).toEqual([
      ...["NotFound", "NotFound", "true RESOLVED 2", "true RESOLVED 3"],
    ]);
  });

  it("appends the settlements of one workflow in order, wakes it once, and hints its queue", async () => {
    const order = await promisers.promising(["a", "b", "c"]);
    let hints = 0;
    const events: string[] = [];
    await promisers.bus.subscribe(workSubject("workflow", promisers.orgId, order.queue), () => {
      hints += 1;
    });
    await promisers.bus.subscribe(lifecycleSubject(promisers.orgId), (payload) => {
      const mine = LifecycleHint.decode(payload).events.filter((event) => event.workflowExecutionId === order.id);
      events.push(...mine.map(({ event }) => event));
    });
    const [a, b, c] = order.promiseIds.map((id) => ({ id })) as [PromiseRef, PromiseRef, PromiseRef];
    await settle([c, a, b]);
    await promisers.bus.flush();
    const [first, second, third] = order.promiseIds;
    expect((await promisers.settlements(order)).map(([, id]) => id)).toEqual([third, first, second]);
    expect([hints, events]).toEqual([1, ["WORKFLOW_RESUMED"]]);
  });
});

describe("timing out", () => {
  const due = () => findTimedOutPromises(promisers.db, { now: promisers.clock.now(), limit: 10_000 });
  const timeOutEverywhere = async (promises: readonly DueWait[]) => {
    const batchers = promisers.contexts.map(createTimeOutBatcher);
    const done = await Promise.all(
      batchers.map((batcher) => Promise.all(promises.map((promise) => batcher.submit(promise)))),
    );
    await Promise.all(batchers.map((batcher) => batcher.stop()));
    return done.flat().filter(Boolean).length;
  };

  it("pitfall 19: happens to each promise once, over two replicas", async () => {
    const names = Array.from({ length: 15 }, (_, n) => `p-${n}`);
    const orders = await Promise.all(Array.from({ length: 20 }, () => promisers.promising(names, 10)));
    expect(await due()).toEqual([]);
    promisers.clock.advance(10);
    let count = 0;
    for (let pass = 0, left = await due(); left.length > 0; pass++, left = await due()) {
      expect(pass).toBeLessThan(20);
      count += await timeOutEverywhere(left);
    }
    expect(count).toBe(300);
    for (const order of orders) {
      const ends = await promisers.settlements(order);
      expect(ends).toHaveLength(15);
      expect(new Set(ends.map(([, id]) => id))).toEqual(new Set(order.promiseIds));
    }
  });

  it("passes over what was settled meanwhile, is not due, or belongs to a workflow that somebody holds", async () => {
    const [settled, early, held] = [
      await promisers.promising(["p"], 5),
      await promisers.promising(["p"], 60_000),
      await promisers.promising(["p"], 5),
    ];
    promisers.clock.advance(5);
    const all = [settled, early, held].map(({ id, promiseIds }) => ({ id: promiseIds[0] as string, workflowId: id }));
    await settle([{ id: settled.promiseIds[0] as string }]);
    await promisers.db.transaction(async (tx) => {
      await tx.query({ text: "select 1 from workflow_execution where id = $1 for no key update", values: [held.id] });
      expect(await timeOutEverywhere(all)).toBe(0);
    });
    expect(await timeOutEverywhere(all)).toBe(1);
    expect((await promisers.settlements(held)).map(([type]) => type)).toEqual(["PROMISE_TIMEOUT"]);
    expect((await promisers.settlements(settled)).map(([type]) => type)).toEqual(["PROMISE_RESOLVED"]);
    expect(await promisers.settlements(early)).toEqual([]);
  });
});
