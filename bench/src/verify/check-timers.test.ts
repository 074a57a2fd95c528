import { describe, expect, it } from "vitest";
import { latenessOf, type TimerFacts, timerProblems } from "./check-timers.js";

const good: TimerFacts = {
  name: "a/timer-0",
  status: "FIRED",
  dueAt: 1500,
  durationMs: 500,
  started: 1,
  startedAt: 1000,
  fired: 1,
  firedAt: 1507,
};

describe("latenessOf", () => {
  it("is the time from due to fired, negative when it fired early", () => {
    expect(latenessOf(good)).toBe(7);
    expect(latenessOf({ dueAt: 1500, firedAt: 1500 })).toBe(0);
    expect(latenessOf({ dueAt: 1500, firedAt: 1499 })).toBe(-1);
    expect(latenessOf({ dueAt: 1500, firedAt: null })).toBeNaN();
  });
});

describe("timerProblems", () => {
  it("finds nothing when each timer fired exactly once, on time or late", () => {
    const onTime = { ...good, name: "a/timer-1", firedAt: 1500 };
    expect(timerProblems([good, onTime], { timers: 2 })).toEqual([]);
  });

  it.each<[string, Partial<TimerFacts>]>([
    ["one that fired early", { firedAt: 1499 }],
    ["one that fired twice", { fired: 2 }],
    ["one that was started twice", { started: 2 }],
    ["one that is cancelled but fired", { status: "CANCELLED" }],
    ["one that is due at another time than asked for", { dueAt: 1501 }],
  ])("names %s", (_, change) => {
    expect(timerProblems([good, { ...good, ...change }], { timers: 2 })).toHaveLength(1);
  });

  it("names one that never fired: it is still armed, and has no event", () => {
    const armed = { ...good, status: "ARMED", fired: 0, firedAt: null };
    expect(timerProblems([armed], { timers: 1 })).toHaveLength(2);
  });

  it("names a missing timer, and events of one that does not exist", () => {
    expect(timerProblems([good], { timers: 2 })).toHaveLength(1);
    const stray = { ...good, status: null, dueAt: null, durationMs: null };
    expect(timerProblems([good, stray], { timers: 1 })).toHaveLength(1);
  });
});
