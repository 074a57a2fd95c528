import { expect, it } from "vitest";
import { Meetings } from "./meetings.js";

it("hands over the value whichever side comes first", async () => {
  const meetings = new Meetings<number>("arrival");
  const first = meetings.wait("a");
  meetings.settle("a", 1);
  meetings.settle("b", 2);
  expect([await first, await meetings.wait("b")]).toEqual([1, 2]);
});

it("tells what has come, and refuses it a second time", () => {
  const meetings = new Meetings("completion");
  expect(meetings.has("a")).toBe(false);
  meetings.settle("a");
  expect(meetings.has("a")).toBe(true);
  expect(() => meetings.settle("a")).toThrow("completion a came twice");
});
