/**
 * Goal: an org whose calls are few does not wait for those of an org that makes many, or large ones, no turn stays unused,
 * and each call runs once. Approach: examples, and random calls of several orgs in random order.
 */
import { ActiveOrgs, FairLane } from "@flovyn/runtime";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ServiceTurns, type Weight } from "./service-turns.js";

let nowMs: number;
let turns: ServiceTurns;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  nowMs = 1_000_000;
  const now = () => nowMs;
  turns = new ServiceTurns({ alone: 10, shared: 4, orgs: new ActiveOrgs(now), now });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Begins a call; the list holds the names of those that run, in their order. */
function begin(running: string[], name: string, orgId: string, weight: Weight = "light"): void {
  const turn = turns.begin(orgId, weight);
  if (turn === undefined) running.push(name);
  else void turn.then(() => running.push(name));
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

async function pass(ms: number): Promise<void> {
  nowMs += ms;
  vi.advanceTimersByTime(ms);
  await settled();
}

describe("turns of light calls", () => {
  it("are many for an org that calls alone", () => {
    const running: string[] = [];
    for (let n = 0; n < 12; n++) begin(running, String(n), "a");
    expect([running.length, turns.waiting]).toEqual([10, 2]);
  });

  it("go to the org with the fewest running, before all that others have waiting", async () => {
    const running: string[] = [];
    for (let n = 0; n < 100; n++) begin(running, `a${n}`, "a");
    begin(running, "b", "b");
    for (let n = 0; n < 7; n++) turns.end("a", "light", 1);
    await settled();
    expect(running).toHaveLength(11);
    expect(running.at(-1)).toBe("b");
  });

  it("are many again for the one that still calls when the others have not called for a while", async () => {
    const running: string[] = [];
    begin(running, "b", "b");
    turns.end("b", "light", 1);
    for (let n = 0; n < 8; n++) begin(running, "a", "a");
    expect(running.length).toBe(5);
    nowMs += 2001;
    begin(running, "a", "a");
    turns.end("a", "light", 1);
    await settled();
    expect([running.length, turns.waiting]).toEqual([10, 0]);
  });
});

describe("turns of heavy calls", () => {
  it("are taken beside the light ones, one of an org at a time while several call", async () => {
    const running: string[] = [];
    for (let n = 0; n < 6; n++) begin(running, `light a${n}`, "a");
    begin(running, "light b", "b");
    for (let n = 0; n < 3; n++) begin(running, `heavy a${n}`, "a", "heavy");
    begin(running, "heavy b", "b", "heavy");
    await settled();
    expect(running.filter((name) => name.startsWith("heavy"))).toEqual(["heavy a0", "heavy b"]);
  });

  it("come after a rest that is as long as the call before took, and without one to an org that calls alone", async () => {
    const running: string[] = [];
    begin(running, "b", "b");
    begin(running, "heavy 0", "a", "heavy");
    begin(running, "heavy 1", "a", "heavy");
    turns.end("a", "heavy", 300);
    await pass(299);
    expect(running).toEqual(["b", "heavy 0"]);
    await pass(1);
    expect(running).toEqual(["b", "heavy 0", "heavy 1"]);
    turns.end("b", "light", 1);
    await pass(3000);
    begin(running, "heavy 2", "a", "heavy");
    turns.end("a", "heavy", 300);
    begin(running, "heavy 3", "a", "heavy");
    expect(running.slice(3)).toEqual(["heavy 2", "heavy 3"]);
  });
});

describe("a lane", () => {
  it("lets every call run once, and never more at the same time than there are slots, of one org and in all", async () => {
    const step = fc.oneof(fc.constantFrom("a", "b", "c"), fc.constantFrom("end" as const, "pass" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
        const restMs = (tookMs: number) => tookMs;
        const lane = new FairLane({ slots: () => 4, slotsOfOrg: () => 2, restMs, now: () => nowMs });
        const running: string[] = [];
        let [begun, started] = [0, 0];
        const start = (orgId: string) => {
          started += 1;
          running.push(orgId);
          expect(running.length).toBeLessThanOrEqual(4);
          expect(running.filter((other) => other === orgId).length).toBeLessThanOrEqual(2);
        };
        const end = async () => {
          const orgId = running.shift();
          if (orgId !== undefined) lane.end(orgId, 10);
          await settled();
        };
        for (const one of steps) {
          if (one === "end") await end();
          else if (one === "pass") await pass(5);
          else {
            begun += 1;
            const turn = lane.begin(one);
            if (turn === undefined) start(one);
            else void turn.then(() => start(one));
          }
        }
        while (running.length > 0 || lane.waiting > 0) {
          await end();
          await pass(10);
        }
        expect([started, lane.waiting]).toEqual([begun, 0]);
      }),
    );
  });
});
