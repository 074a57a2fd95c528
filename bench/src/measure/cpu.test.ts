import { expect, it } from "vitest";
import { parseStat } from "./cpu.js";

it("reads parent and times after a program name with spaces and parentheses", () => {
  const text = "42 (a (b) c) S 7 42 42 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 5000 0 0";
  expect(parseStat(text)).toEqual({ parent: 7, ticks: 33, endedChildrenTicks: 77 });
});
