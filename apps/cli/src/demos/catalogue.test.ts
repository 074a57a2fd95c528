import { expect, it } from "vitest";
import { demos, listDemos } from "./catalogue.js";

it("lists every demo with one line that fits a terminal", () => {
  const lines = listDemos().slice(2);
  expect(lines.map((line) => line.trim().split(" ")[0])).toEqual(demos.map(({ name }) => name));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
});

it("names each demo once", () => {
  expect(new Set(demos.map(({ name }) => name)).size).toBe(demos.length);
});
