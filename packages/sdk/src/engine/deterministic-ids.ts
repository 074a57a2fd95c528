import { createHash } from "node:crypto";

/**
 * Ids that replay makes again: version 5 UUIDs in the namespace of the execution, named `<execution id>:<counter>`.
 * The counter is shared by everything that makes ids in one activation and starts at 0.
 */
export function deterministicIds(executionId: string): () => string {
  const namespace = Buffer.from(executionId.replaceAll("-", ""), "hex");
  let counter = 0;
  return () => {
    const digest = createHash("sha1").update(namespace).update(`${executionId}:${counter++}`).digest();
    digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x50, 6);
    digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = digest.toString("hex", 0, 16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

/** Numbers from 0 to below 1, the same sequence for the same execution. */
export function deterministicRandom(executionId: string): () => number {
  let next: (() => number) | undefined;
  return () => {
    // Most activations draw no number, so the seed is not made before the first.
    next ??= sfc32(createHash("sha256").update(executionId).digest());
    // 53 random bits, as many as a number holds.
    return ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000;
  };
}

/** The sfc32 generator of 32-bit numbers. */
function sfc32(seed: Buffer): () => number {
  let [a, b, c, d] = [0, 4, 8, 12].map((offset) => seed.readInt32LE(offset)) as [number, number, number, number];
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
}
