import { describe, expect, it } from "vitest";
import { pausesOf } from "./pauses.js";

/** Whether what waited for its turn had it during the pause. */
async function othersRanDuring(pause: () => Promise<void>): Promise<boolean> {
  let ran = false;
  setImmediate(() => {
    ran = true;
  });
  await pause();
  return ran;
}

describe("pauses", () => {
  it("of a batch with many commands let others have their turn, each time", async () => {
    const pause = pausesOf(10_000);
    expect([await othersRanDuring(pause), await othersRanDuring(pause)]).toEqual([true, true]);
  });

  it("of a small batch take none", async () => {
    expect(await othersRanDuring(pausesOf(10))).toBe(false);
  });
});
