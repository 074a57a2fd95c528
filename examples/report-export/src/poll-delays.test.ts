import { expect, it } from "vitest";
import { pollDelays } from "./poll-delays.js";

it("grow by the factor up to the longest delay", () => {
  expect(pollDelays({ firstMs: 100, factor: 3, maxMs: 1000, looksMax: 6 })).toEqual([100, 300, 900, 1000, 1000]);
});

it("are one less than the looks", () => {
  expect(pollDelays({ firstMs: 100, factor: 2, maxMs: 1000, looksMax: 1 })).toEqual([]);
  expect(pollDelays({ firstMs: 100, factor: 2, maxMs: 1000, looksMax: 2 })).toEqual([100]);
});

it("never exceed the longest delay, the first included", () => {
  expect(pollDelays({ firstMs: 5000, factor: 2, maxMs: 1000, looksMax: 3 })).toEqual([1000, 1000]);
});

it("stay bounded over many looks", () => {
  const delays = pollDelays({ firstMs: 1, factor: 10, maxMs: 60_000, looksMax: 5000 });
  expect(delays).toHaveLength(4999);
  expect(delays.at(-1)).toBe(60_000);
});
