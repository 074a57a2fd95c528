// Goal: every submitted item settles exactly once with its own outcome, whatever batches do. The batches here are plain
// functions whose ends the tests decide, so the order of events is the tests' and not the machine's.
import { DomainError } from "@flovyn/domain";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBatchLane } from "./batch-lane.js";
import { type Batcher, createBatcher, type Outcome } from "./batcher.js";

interface Run {
  items: readonly number[];
  end(): void;
  fail(error: unknown): void;
}

/** A batcher whose batches wait until the test ends them. */
function heldBatcher(options: Partial<Parameters<typeof createBatcher<number, number>>[0]> = {}): {
  batcher: Batcher<number, number>;
  runs: Run[];
} {
  const runs: Run[] = [];
  const batcher = createBatcher<number, number>({
    name: "test",
    run: (items) =>
      new Promise((resolve, reject) => {
        runs.push({ items, end: () => resolve(items.map(ok)), fail: reject });
      }),
    ...options,
  });
  return { batcher, runs };
}

const ok = (value: number): Outcome<number> => ({ ok: true, value });
/** No batch is slow, whatever the machine does. */
const stoodStill = () => 0;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const codeOf = (error: unknown) => (error instanceof DomainError ? error.code : String(error));

describe("batcher", () => {
  it("sends an item that is alone at the end of the turn, and items of one turn together in their order", async () => {
    const { batcher, runs } = heldBatcher();
    const first = batcher.submit(1);
    const second = Promise.resolve().then(() => batcher.submit(2));
    expect(runs).toHaveLength(0);
    await turn();
    expect(runs.map((run) => run.items)).toEqual([[1, 2]]);
    runs[0]?.end();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  it("runs at most `slots` batches at a time and gathers what comes meanwhile", async () => {
    const { batcher, runs } = heldBatcher({ lane: createBatchLane(2, stoodStill), itemsMax: 3 });
    const results = [batcher.submit(0)];
    await turn();
    results.push(batcher.submit(1));
    await turn();
    for (let item = 2; item < 7; item++) results.push(batcher.submit(item));
    await turn();
    expect(runs.map((run) => run.items)).toEqual([[0], [1]]);
    expect(batcher.stats.waiting).toBe(5);
    runs[1]?.end();
    await turn();
    expect(runs.map((run) => run.items)).toEqual([[0], [1], [2, 3, 4]]);
    runs[0]?.end();
    await turn();
    expect(runs[3]?.items).toEqual([5, 6]);
    for (const run of runs) run.end();
    expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(batcher.stats).toMatchObject({ batches: 4, items: 7, waiting: 0, retriedAlone: 0, sizes: [2, 1, 1] });
  });

  it("bounds a batch by weight, but always takes one item", async () => {
    const seen: (readonly number[])[] = [];
    const batcher = createBatcher<number, number>({
      name: "test",
      slots: 1,
      weightOf: (item) => item,
      weightMax: 10,
      run: async (items) => {
        seen.push(items);
        return items.map(ok);
      },
    });
    await Promise.all([4, 6, 1, 50, 10].map((item) => batcher.submit(item)));
    expect(seen).toEqual([[4, 6], [1], [50], [10]]);
  });

  it("rejects the one item whose weight cannot be told", async () => {
    const batcher = createBatcher<number, number>({
      name: "test",
      weightOf: (item) => {
        if (item === 2) throw new TypeError("no weight");
        return 1;
      },
      run: async (items) => items.map(ok),
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("refuses what the queue cannot hold with LimitExceeded", async () => {
    const { batcher, runs } = heldBatcher({ slots: 1, queueMax: 2 });
    const running = batcher.submit(0);
    await turn();
    const waiting = [batcher.submit(1), batcher.submit(2)];
    await expect(batcher.submit(3)).rejects.toMatchObject({ code: "LimitExceeded" });
    runs[0]?.end();
    await turn();
    runs[1]?.end();
    expect(await Promise.all([running, ...waiting])).toEqual([0, 1, 2]);
  });

  it("gives each item its own outcome", async () => {
    const batcher = createBatcher<number, number>({
      name: "test",
      run: async (items) =>
        items.map((item) =>
          item % 2 === 0
            ? ok(item)
            : { ok: false, error: new DomainError("StaleClaim", `claim ${item} is not current`) },
        ),
    });
    const results = await Promise.allSettled([0, 1, 2, 3].map((item) => batcher.submit(item)));
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : codeOf(result.reason)))).toEqual([
      0,
      "StaleClaim",
      2,
      "StaleClaim",
    ]);
    expect(batcher.stats).toMatchObject({ batches: 1, retriedAlone: 0 });
  });

  it("retries the items of a failed batch one by one, in order, so that only the guilty fail", async () => {
    const runs: (readonly number[])[] = [];
    const batcher = createBatcher<number, number>({
      name: "test",
      run: async (items) => {
        runs.push(items);
        if (items.includes(2)) throw new Error("value too long");
        return items.map(ok);
      },
    });
    const results = await Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    expect(runs).toEqual([[1, 2, 3], [1], [2], [3]]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(batcher.stats.retriedAlone).toBe(3);
  });

  it.each([
    ["Unavailable", new DomainError("Unavailable", "the database cannot be reached")],
    ["Timeout", new DomainError("Timeout", "too slow")],
    ["Cancelled", new DomainError("Cancelled", "stopped")],
    ["an unknown commit", Object.assign(new Error("connection lost"), { commitUnknown: true })],
    [
      "an unknown commit inside another error",
      new Error("batch failed", { cause: Object.assign(new Error("connection lost"), { commitUnknown: true }) }),
    ],
  ])("tries nothing again after %s", async (_name, error) => {
    const { batcher, runs } = heldBatcher();
    const results = Promise.allSettled([1, 2, 3].map((item) => batcher.submit(item)));
    await turn();
    runs[0]?.fail(error);
    expect(await results).toEqual([1, 2, 3].map(() => ({ status: "rejected", reason: error })));
    expect(runs).toHaveLength(1);
  });

  it("gives up the items that are left when the dependency goes away between single tries", async () => {
    const away = new DomainError("Unavailable", "the database cannot be reached");
    const runs: (readonly number[])[] = [];
    const batcher = createBatcher<number, number>({
      name: "test",
      run: async (items) => {
        runs.push(items);
        if (items.length > 1) throw new Error("value too long");
        if (items[0] === 2) throw away;
        return items.map(ok);
      },
    });
    const results = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.submit(item)));
    expect(runs).toEqual([[1, 2, 3, 4], [1], [2]]);
    expect(results.map((result) => (result.status === "fulfilled" ? result.value : codeOf(result.reason)))).toEqual([
      1,
      "Unavailable",
      "Unavailable",
      "Unavailable",
    ]);
  });

  it("does not retry a batch that answered too few items: it may have committed", async () => {
    const runs: (readonly number[])[] = [];
    const batcher = createBatcher<number, number>({
      name: "test",
      run: async (items) => {
        runs.push(items);
        return [ok(1)];
      },
    });
    const results = await Promise.allSettled([1, 2].map((item) => batcher.submit(item)));
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
    expect(runs).toHaveLength(1);
  });

  it("finishes on stop what was submitted, and refuses the rest", async () => {
    const { batcher, runs } = heldBatcher({ slots: 1, itemsMax: 1 });
    const results = [batcher.submit(1), batcher.submit(2)];
    let stopped = false;
    const stopping = batcher.stop().then(() => {
      stopped = true;
    });
    await expect(batcher.submit(3)).rejects.toMatchObject({ code: "Unavailable" });
    await turn();
    runs[0]?.end();
    await turn();
    expect(stopped).toBe(false);
    runs[1]?.end();
    await stopping;
    expect(await Promise.all(results)).toEqual([1, 2]);
    await batcher.stop();
  });

  it("settles every item exactly once, in submit order within a batch, under random failures", async () => {
    const failure = fc.constantFrom("none", "none", "none", "outcome", "guilty", "unavailable", "sync");
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          plan: fc.array(fc.record({ fate: failure, hops: fc.nat(3) }), { maxLength: 60 }),
          itemsMax: fc.integer({ min: 1, max: 8 }),
          slots: fc.integer({ min: 1, max: 3 }),
          turns: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
        }),
        async ({ plan, itemsMax, slots, turns }) => {
          let running = 0;
          let calls = 0;
          const submitted: number[] = [];
          const batcher = createBatcher<number, number>({
            name: "test",
            itemsMax,
            lane: createBatchLane(slots, stoodStill),
            run: (items) => {
              expect(items.length).toBeLessThanOrEqual(itemsMax);
              expect(running).toBeLessThan(slots);
              const places = items.map((item) => submitted.indexOf(item));
              expect(places).toEqual([...places].sort((a, b) => a - b));
              if (items.some((item) => plan[item]?.fate === "sync")) throw new Error("failed before it began");
              running += 1;
              return answer(items, turns[calls++ % turns.length] ?? 0).finally(() => {
                running -= 1;
              });
            },
          });
          const answer = async (items: readonly number[], wait: number): Promise<Outcome<number>[]> => {
            for (let i = 0; i < wait; i++) await turn();
            if (items.some((item) => plan[item]?.fate === "unavailable")) throw new DomainError("Unavailable", "away");
            if (items.some((item) => plan[item]?.fate === "guilty")) throw new Error("guilty");
            return items.map((item) =>
              plan[item]?.fate === "outcome" ? { ok: false, error: new DomainError("WrongState", "no") } : ok(item),
            );
          };
          const settled = plan.map(() => 0);
          await Promise.all(
            plan.map(async ({ fate, hops }, item) => {
              for (let i = 0; i < hops; i++) await turn();
              submitted.push(item);
              const result = await batcher.submit(item).then(
                (value) => String(value),
                (error: unknown) => codeOf(error),
              );
              settled[item] = (settled[item] ?? 0) + 1;
              if (fate === "outcome") expect(["WrongState", "Unavailable"]).toContain(result);
              else if (fate === "none") expect([String(item), "Unavailable"]).toContain(result);
              else if (fate === "unavailable") expect(result).toBe("Unavailable");
              else expect(["Error: guilty", "Error: failed before it began", "Unavailable"]).toContain(result);
            }),
          );
          await batcher.stop();
          expect(settled).toEqual(plan.map(() => 1));
          expect(batcher.stats).toMatchObject({ items: plan.length, waiting: 0 });
        },
      ),
      { numRuns: 150 },
    );
  });
});
