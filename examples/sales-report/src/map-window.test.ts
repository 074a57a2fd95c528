import fc from "fast-check";
import { expect, it } from "vitest";
import { mapWindow } from "./map-window.js";

it("gives outcomes in the order of the items, failures among them", async () => {
  const outcomes = await mapWindow([3, 1, 2], 2, async (n) => {
    if (n === 1) throw new Error("one");
    return n * 10;
  });
  expect(outcomes).toEqual([
    { status: "fulfilled", value: 30 },
    { status: "rejected", reason: new Error("one") },
    { status: "fulfilled", value: 20 },
  ]);
});

it("keeps the window full and never exceeds it, whatever ends first", async () => {
  const runs = fc.record({
    items: fc.nat(20),
    openMax: fc.integer({ min: 1, max: 6 }),
    picks: fc.infiniteStream(fc.nat()),
  });
  await fc.assert(
    fc.asyncProperty(runs, async ({ items, openMax, picks }) => {
      const started: number[] = [];
      const open: (() => void)[] = [];
      const done = mapWindow(
        Array.from({ length: items }, (_, at) => at),
        openMax,
        (item) => {
          started.push(item);
          return new Promise<number>((resolve) => open.push(() => resolve(item)));
        },
      );
      for (let ended = 0; ended < items; ended++) {
        expect(open).toHaveLength(Math.min(openMax, items - ended));
        open.splice((picks.next().value ?? 0) % open.length, 1)[0]?.();
        await new Promise(setImmediate);
      }
      expect(started).toEqual([...started].sort((a, b) => a - b));
      expect((await done).map((outcome) => outcome.status === "fulfilled" && outcome.value)).toEqual(started);
    }),
    { numRuns: 50 },
  );
});

it("refuses a window that could never open", async () => {
  await expect(mapWindow([1], 0, async () => 1)).rejects.toThrow(/openMax/);
});
