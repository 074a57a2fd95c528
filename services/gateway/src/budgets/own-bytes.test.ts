import { expect, it } from "vitest";
import { ownBytes } from "./own-bytes.js";

it("copies a small piece of a large buffer, and takes a large one as it is", () => {
  const read = Buffer.from(new ArrayBuffer(65_536));
  read.write("piece", 100);
  const small = ownBytes(read.subarray(100, 105));
  expect(small.toString()).toBe("piece");
  expect(small.buffer).not.toBe(read.buffer);
  expect(ownBytes(read.subarray(0, 40_000)).buffer).toBe(read.buffer);
});
