import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packFrames } from "./pack.js";

describe("packFrames", () => {
  const limits = { bytesMax: 100, countMax: 3 };
  const pack = (sizes: number[]) => packFrames(sizes, (size) => size, limits);

  it("fills messages up to their bytes and their count", () => {
    expect(pack([40, 60, 1])).toEqual([[40, 60], [1]]);
    expect(pack([1, 1, 1, 1])).toEqual([[1, 1, 1], [1]]);
  });

  it("gives a frame that is too large a message of its own", () => {
    expect(pack([1, 500, 1])).toEqual([[1], [500], [1]]);
  });

  it("makes nothing of nothing", () => {
    expect(pack([])).toEqual([]);
  });

  it("loses, repeats and reorders nothing, and keeps to the limits", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(150)), (sizes) => {
        const messages = pack(sizes);
        expect(messages.flat()).toEqual(sizes);
        for (const message of messages) {
          expect(message.length).toBeGreaterThan(0);
          expect(message.length).toBeLessThanOrEqual(limits.countMax);
          const bytes = message.reduce((sum, size) => sum + size, 0);
          if (message.length > 1) expect(bytes).toBeLessThanOrEqual(limits.bytesMax);
        }
      }),
    );
  });
});
