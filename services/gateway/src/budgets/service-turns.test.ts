/**
 * Goal: an org whose calls are few does not wait for those of an org that makes many, no turn stays unused, and each call
 * runs once. Approach: examples, and random calls of several orgs in random order.
 */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ServiceTurns } from "./service-turns.js";

let nowMs: number;
let turns: ServiceTurns;

beforeEach(() => {
  nowMs = 1_000_000;
  turns = new ServiceTurns({ alone: 10, shared: 4, now: () => nowMs });
});

/** Begins calls; the list holds the names of those that run, in their order. */
function begin(running: string[], name: string, orgId: string, units = 1): void {
  const turn = turns.begin(orgId, units);
  if (turn === undefined) running.push(name);
  else void turn.then(() => running.push(name));
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("turns at the services", () => {
  it("are many for an org that calls alone", () => {
    const running: string[] = [];
    for (let n = 0; n < 12; n++) begin(running, String(n), "a");
    expect([running.length, turns.waiting]).toEqual([10, 2]);
  });

  it("go to the org with the fewest running, before all that others have waiting", async () => {
    const running: string[] = [];
    for (let n = 0; n < 100; n++) begin(running, `a${n}`, "a");
    begin(running, "b", "b");
    for (let n = 0; n < 7; n++) turns.end("a", 1);
    await settled();
    expect(running).toHaveLength(11);
    expect(running.at(-1)).toBe("b");
  });

  it("are many again for the one that still calls when the others have not called for a while", async () => {
    const running: string[] = [];
    begin(running, "b", "b");
    turns.end("b", 1);
    for (let n = 0; n < 8; n++) begin(running, "a", "a");
    expect(running.length).toBe(5);
    nowMs += 2001;
    begin(running, "a", "a");
    turns.end("a", 1);
    await settled();
    expect([running.length, turns.waiting]).toEqual([10, 0]);
  });

  it("count large requests as several calls, and never as more than half of the turns", () => {
    expect([0, 16_383, 16_384, 40_000, 16_000_000].map((bytes) => turns.unitsOf(bytes))).toEqual([1, 1, 2, 2, 2]);
  });

  it("come to every call once, and never to more calls at the same time than there are turns", async () => {
    const step = fc.record({ org: fc.constantFrom("a", "b", "c"), units: fc.integer({ min: 1, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(step, fc.constant("end" as const)), { maxLength: 200 }), async (steps) => {
        turns = new ServiceTurns({ alone: 4, shared: 4, now: () => nowMs });
        const running: { org: string; units: number }[] = [];
        let begun = 0;
        let started = 0;
        const start = (call: { org: string; units: number }) => {
          started += 1;
          running.push(call);
          expect(running.reduce((sum, { units }) => sum + units, 0)).toBeLessThanOrEqual(4);
        };
        for (const one of steps) {
          if (one !== "end") {
            begun += 1;
            const turn = turns.begin(one.org, one.units);
            if (turn === undefined) start(one);
            else void turn.then(() => start(one));
          } else {
            const ended = running.shift();
            if (ended !== undefined) turns.end(ended.org, ended.units);
            await settled();
          }
        }
        while (running.length > 0) {
          const { org, units } = running.shift() as { org: string; units: number };
          turns.end(org, units);
          await settled();
        }
        expect([started, turns.waiting]).toEqual([begun, 0]);
      }),
    );
  });
});
