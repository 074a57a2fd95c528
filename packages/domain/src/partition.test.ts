import { randomFillSync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "./errors.js";
import {
  checkPartitionCount,
  crc16Xmodem,
  formatExecutionId,
  parseExecutionId,
  partitionCount,
  partitionOf,
} from "./partition.js";

function reasonOf(text: string): string | undefined {
  try {
    parseExecutionId(text, "id");
  } catch (error) {
    if (error instanceof DomainError) return error.reason;
  }
  return undefined;
}

describe("partition key", () => {
  it("SP-20 known vectors", () => {
    expect(crc16Xmodem(Buffer.from("123456789"))).toBe(0x31c3);
    const vectors: [string, number][] = [
      ["00000000-0000-0000-0000-000000000000", 0],
      ["11111111-1111-1111-1111-111111111111", 6],
      ["550e8400-e29b-41d4-a716-446655440000", 24],
      ["018f4e2a-7c3b-7d21-9a10-0123456789ab", 110],
      ["0190a5c0-0000-7000-8000-000000000001", 152],
      ["ffffffff-ffff-ffff-ffff-ffffffffffff", 65],
    ];
    for (const [id, partition] of vectors) expect(partitionOf(id)).toBe(partition);
  });

  it("SP-21 both forms of an execution id are read back as they were written", () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 0, max: 255 }), (id, partition) => {
        expect(parseExecutionId(formatExecutionId(id, partition), "id")).toEqual({ id, partition });
        expect(parseExecutionId(id.toUpperCase(), "id")).toEqual({ id });
      }),
    );
  });

  it("names what is wrong with a tag", () => {
    const id = "550e8400-e29b-41d4-a716-446655440000";
    expect(reasonOf(`{fp:1${id}`)).toBe("MISSING_TAG");
    expect(reasonOf(`{xx:1}:${id}`)).toBe("MISSING_TAG");
    for (const digits of ["256", "-1", "01", "", "1.0", "0x1"]) {
      expect(reasonOf(`{fp:${digits}}:${id}`)).toBe("INVALID_PARTITION");
    }
    expect(reasonOf(`{fp:1}:${id}x`)).toBe("INVALID_UUID");
    expect(reasonOf("nonsense")).toBe("INVALID_UUID");
  });

  it("SP-23 random ids spread evenly: every partition within 20 % of the mean", () => {
    const total = 200_000;
    const counts = new Array<number>(partitionCount).fill(0);
    const bytes = Buffer.alloc(16);
    for (let i = 0; i < total; i++) {
      randomFillSync(bytes);
      const partition = crc16Xmodem(bytes) % partitionCount;
      counts[partition] = (counts[partition] as number) + 1;
    }
    const mean = total / partitionCount;
    expect(Math.min(...counts)).toBeGreaterThan(mean * 0.8);
    expect(Math.max(...counts)).toBeLessThan(mean * 1.2);
  });

  it("SP-25 another number of partitions is refused", () => {
    expect(() => checkPartitionCount(128)).toThrow(/128 partitions/);
    expect(() => checkPartitionCount(256)).not.toThrow();
  });
});
