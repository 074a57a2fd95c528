import { expect, it, vi } from "vitest";
import { shareReading } from "./shared-reading.js";

function counted(keepMs = 1_000) {
  let nowMs = 0;
  const ends: ((fails?: Error) => void)[] = [];
  const read = vi.fn(
    () =>
      new Promise<number>((resolve, reject) => {
        const number = ends.length + 1;
        ends.push((fails) => (fails === undefined ? resolve(number) : reject(fails)));
      }),
  );
  const ask = shareReading({ read, keepMs, now: () => nowMs });
  const at = (ms: number) => {
    nowMs = ms;
  };
  return { read, ends, ask, at };
}

it("makes one reading for all who ask while it is made, and for a while after", async () => {
  const { read, ends, ask, at } = counted();
  const asked = Array.from({ length: 100 }, () => ask());
  at(5_000);
  asked.push(ask());
  ends[0]?.();
  expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
  expect(read).toHaveBeenCalledTimes(1);
});

it("keeps a reading for its time, counted from its begin", async () => {
  const { read, ends, ask, at } = counted();
  const first = ask();
  ends[0]?.();
  await first;
  at(999);
  expect(await ask()).toBe(1);
  at(1_000);
  const second = ask();
  ends[1]?.();
  expect(await second).toBe(2);
  expect(read).toHaveBeenCalledTimes(2);
});

it("does not keep a reading that failed", async () => {
  const { ends, ask } = counted();
  const first = ask();
  ends[0]?.(new Error("not now"));
  await expect(first).rejects.toThrow("not now");
  const second = ask();
  ends[1]?.();
  expect(await second).toBe(2);
});
