/** Goal: what one org names can neither grow without bound nor keep another one's names out. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLabelBound } from "./label-bound.js";

const isNamed = ({ kind }: { kind: string }) => kind !== "(other)";

describe("label bound", () => {
  it("gives the same object for a pair each time, whichever org uses it", () => {
    const bound = createLabelBound(4);
    const first = bound({ orgId: "a", kind: "k", queue: "x" });
    expect(first).toEqual({ kind: "k", queue: "x" });
    expect(bound({ orgId: "a", kind: "k", queue: "x" })).toBe(first);
    expect(bound({ orgId: "b", kind: "k", queue: "x" })).toBe(first);
    expect(bound({ orgId: "a", kind: "k", queue: "y" })).toEqual({ kind: "k", queue: "y" });
    expect(bound({ orgId: "a", kind: "l", queue: "x" })).toEqual({ kind: "(other)", queue: "(other)" });
    expect(bound({ orgId: "b", kind: "l", queue: "x" })).toEqual({ kind: "l", queue: "x" });
  });

  it("leaves half of what is free to the next org, however many names the others used", () => {
    const bound = createLabelBound(500);
    const named = ["a", "b", "c"].map(
      (orgId) =>
        Array.from({ length: 2_000 }, (_, n) => bound({ orgId, kind: `${orgId}${n}`, queue: "q" })).filter(isNamed)
          .length,
    );
    expect(named).toEqual([250, 125, 63]);
  });

  it("keeps to its size, keeps what is named, and lets an org name one while it has named fewer than are free", () => {
    const work = fc.record({
      orgId: fc.constantFrom("a", "b", "c"),
      kind: fc.constantFrom(..."klmnop"),
      queue: fc.constantFrom(..."xyz"),
    });
    fc.assert(
      fc.property(fc.array(work, { maxLength: 60 }), fc.integer({ min: 0, max: 12 }), (works, pairsMax) => {
        const bound = createLabelBound(pairsMax);
        const owners = new Map<string, string>();
        for (const one of works) {
          const pair = `${one.kind} ${one.queue}`;
          const own = [...owners.values()].filter((orgId) => orgId === one.orgId).length;
          const mayName = owners.has(pair) || own < pairsMax - owners.size;
          expect(isNamed(bound(one))).toBe(mayName);
          if (mayName && !owners.has(pair)) owners.set(pair, one.orgId);
        }
        expect(owners.size).toBeLessThanOrEqual(pairsMax);
      }),
    );
  });
});
