// The local clock and the round trips are the test's: nothing here depends on the machine.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDatabaseClock } from "./database-clock.js";

/** A database `skew` ms ahead, each reading taking the next of `trips` ms, as unevenly as it can be. */
function world(options: { skew: number; trips: number[]; share?: number }) {
  const state = { local: 1_000_000, readings: 0, ...options };
  const read = async () => {
    const trip = state.trips[state.readings++ % state.trips.length] ?? 0;
    state.local += trip * (state.share ?? 1);
    const answer = state.local + state.skew;
    state.local += trip * (1 - (state.share ?? 1));
    return answer;
  };
  const clock = createDatabaseClock(read, () => state.local);
  return { state, clock };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("database clock", () => {
  it("follows the local clock until it is measured", () => {
    const { state, clock } = world({ skew: 5_000, trips: [1] });
    expect(clock.now()).toBe(state.local);
    clock.stop();
  });

  it("trusts the shortest round trip, whose error is at most half of it", async () => {
    const { state, clock } = world({ skew: -7_000, trips: [400, 30, 2, 90, 50] });
    await clock.measure();
    expect(Math.abs(clock.now() - (state.local - 7_000))).toBeLessThanOrEqual(1);
    expect(clock.skewMs()).toBeCloseTo(-7_000, -1);
    clock.stop();
  });

  it("tells whole milliseconds", async () => {
    const { clock } = world({ skew: 0.3, trips: [0.7], share: 0.1 });
    await clock.measure();
    expect(Number.isInteger(clock.now())).toBe(true);
    clock.stop();
  });

  it("measures again every 30 s, and keeps what it knows when that fails", async () => {
    const { state, clock } = world({ skew: 1_000, trips: [2] });
    await clock.measure();
    state.skew = 3_000;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(clock.skewMs()).toBeCloseTo(3_000, -1);
    state.trips = [Number.NaN];
    await vi.advanceTimersByTimeAsync(30_000);
    clock.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps its offset when a reading fails, and tells who asked for it", async () => {
    let away = false;
    const clock = createDatabaseClock(
      async () => {
        if (away) throw new Error("the database is away");
        return 5_000;
      },
      () => 1_000,
    );
    await clock.measure();
    away = true;
    await expect(clock.measure()).rejects.toThrow("away");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(clock.now()).toBe(5_000);
    away = false;
    await clock.measure();
    clock.stop();
  });

  it("ignores a sample during which the local clock went back", async () => {
    const locals = [1_000, 0, 1_000, 1_002, 1_002, 1_004, 1_004, 1_006, 1_006, 1_008];
    const clock = createDatabaseClock(
      async () => 2_000,
      () => locals.shift() ?? 1_008,
    );
    await clock.measure();
    expect(clock.skewMs()).toBe(999);
    clock.stop();
  });

  it("shares a measurement that is under way", async () => {
    const { state, clock } = world({ skew: 0, trips: [1] });
    await Promise.all([clock.measure(), clock.measure()]);
    expect(state.readings).toBe(5);
    clock.stop();
  });
});
