import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeadlineWheel, type Timed } from "./deadline-wheel.js";

interface Wait extends Timed {
  endedAtMs: number | undefined;
}

function createWait(now: () => number): Wait {
  const wait: Wait = {
    dueAtMs: 0,
    slot: -1,
    endedAtMs: undefined,
    due() {
      if (wait.endedAtMs !== undefined) throw new Error("a wait ended twice");
      wait.endedAtMs = now();
    },
  };
  return wait;
}

describe("DeadlineWheel", () => {
  it("ends a wait at its time and not before, also beyond one turn of the wheel", () => {
    let now = 1000;
    const wheel = new DeadlineWheel(() => now);
    const short = createWait(() => now);
    const long = createWait(() => now);
    wheel.add(short, 1050);
    wheel.add(long, 61_000);
    for (now = 1000; now <= 62_000; now += 10) wheel.advance();
    expect(short.endedAtMs).toBe(1050);
    expect(long.endedAtMs).toBe(61_000);
    expect(wheel.size).toBe(0);
    wheel.stop();
  });

  it("ends what is overdue when the clock jumps by more than a turn", () => {
    let now = 0;
    const wheel = new DeadlineWheel(() => now);
    const waits = [40, 4000, 9000, 200_000].map((dueAtMs) => {
      const wait = createWait(() => now);
      wheel.add(wait, dueAtMs);
      return wait;
    });
    now = 100_000;
    wheel.advance();
    expect(waits.map((wait) => wait.endedAtMs)).toEqual([100_000, 100_000, 100_000, undefined]);
    wheel.stop();
  });

  it("never ends a removed wait, and may be given a wait by one that ends", () => {
    let now = 0;
    const wheel = new DeadlineWheel(() => now);
    const removed = createWait(() => now);
    const second = createWait(() => now);
    const first: Timed = { dueAtMs: 0, slot: -1, due: () => wheel.add(second, 10) };
    wheel.add(removed, 10);
    wheel.add(first, 10);
    wheel.remove(removed);
    wheel.remove(removed);
    now = 10;
    wheel.advance();
    expect(second.endedAtMs).toBeUndefined();
    now = 20;
    wheel.advance();
    expect(second.endedAtMs).toBe(20);
    expect(removed.endedAtMs).toBeUndefined();
    wheel.stop();
  });

  it("ends every wait once, at most one slot late, for any times and steps", () => {
    const step = fc.record({
      stepMs: fc.integer({ min: 1, max: 700 }),
      waitsMs: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.array(step, { maxLength: 60 }), (start, steps) => {
        let now = start;
        const wheel = new DeadlineWheel(() => now);
        const waits: { wait: Wait; dueAtMs: number }[] = [];
        for (const { stepMs, waitsMs } of steps) {
          for (const waitMs of waitsMs) {
            const wait = createWait(() => now);
            wheel.add(wait, now + waitMs);
            waits.push({ wait, dueAtMs: now + waitMs });
          }
          now += stepMs;
          wheel.advance();
          for (const { wait, dueAtMs } of waits) {
            if (wait.endedAtMs === undefined) expect(dueAtMs).toBeGreaterThan(now - 20);
            else expect(wait.endedAtMs).toBeGreaterThanOrEqual(dueAtMs);
          }
        }
        wheel.stop();
      }),
    );
  });
});
