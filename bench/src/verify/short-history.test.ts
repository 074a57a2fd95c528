import { expect, it } from "vitest";
import { shortHistory } from "./short-history.js";

it("puts events of one type in a row together, with their sequences", () => {
  expect(shortHistory(["A", "B", "B", "B", "C"])).toBe("1 A, 2-4 B, 5 C");
  expect(shortHistory(["A", "B", "A", "B"])).toBe("1 A, 2 B, 3 A, 4 B");
  expect(shortHistory(["A", "A"])).toBe("1-2 A");
  expect(shortHistory([])).toBe("");
});
