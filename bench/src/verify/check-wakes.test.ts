import { describe, expect, it } from "vitest";
import { type WakeFacts, wakeProblems } from "./check-wakes.js";

const good: WakeFacts = { events: 30, different: 30, strange: 0 };

describe("wakeProblems", () => {
  it("finds nothing when each wake arrived exactly once", () => {
    expect(wakeProblems(good, { wakes: 30 })).toEqual([]);
  });

  it.each<[string, WakeFacts]>([
    ["a lost one", { ...good, events: 29, different: 29 }],
    ["one in place of another", { ...good, different: 29 }],
    ["one that nobody sent", { ...good, strange: 1 }],
  ])("names %s", (_, facts) => {
    expect(wakeProblems(facts, { wakes: 30 })).toHaveLength(1);
  });
});
