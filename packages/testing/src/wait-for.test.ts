import { expect, test } from "vitest";
import { waitFor } from "./wait-for.js";

test("returns the first answer that is one", async () => {
  const answers = [undefined, null, false, 0];
  expect(await waitFor("a number", () => answers.shift(), { intervalMs: 1 })).toBe(0);
});

test("goes on after a probe that throws", async () => {
  let calls = 0;
  const probe = () => {
    calls += 1;
    if (calls < 3) throw new Error("not there");
    return calls;
  };
  expect(await waitFor("the third call", probe, { intervalMs: 1 })).toBe(3);
});

test("names what it awaited, and how the last try went", async () => {
  const failing = waitFor(
    "the moon",
    () => {
      throw new Error("cloudy");
    },
    { timeoutMs: 0, intervalMs: 1 },
  );
  await expect(failing).rejects.toThrow(/waited 0 ms for the moon, in vain; the last try failed: cloudy/);
});
