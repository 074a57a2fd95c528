import { DomainError, invalidField } from "./errors.js";
import { parseUuid } from "./ids.js";

/** How many partition labels exist. Fixed for the life of a cluster: the first migration writes it down. */
export const partitionCount = 256;

const crcTable = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc & 0xffff;
});

/** CRC16-XMODEM: polynomial 0x1021, initial value 0, no reflection. */
export function crc16Xmodem(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ (crcTable[((crc >> 8) ^ byte) & 0xff] as number)) & 0xffff;
  return crc;
}

/** The partition of a root execution whose id carries no tag: CRC16 of the 16 uuid bytes, modulo 256. */
export function partitionOf(uuid: string): number {
  return crc16Xmodem(Buffer.from(uuid.replaceAll("-", ""), "hex")) % partitionCount;
}

export interface ExecutionId {
  id: string;
  /** Only when the caller used the tagged form. */
  partition?: number;
}

const partitionText = /^(0|[1-9][0-9]{0,2})$/;

/**
 * Reads an execution id in the bare form (`<uuid>`) or the tagged form (`{fp:N}:<uuid>`).
 * Errors: InvalidInput with reason MISSING_TAG, INVALID_PARTITION or INVALID_UUID.
 */
export function parseExecutionId(text: string, field: string): ExecutionId {
  if (!text.startsWith("{")) return { id: parseUuid(text, field) };
  const end = text.indexOf("}:");
  if (!text.startsWith("{fp:") || end < 0) {
    throw invalidField(field, "must be a UUID or {fp:N}:UUID", { reason: "MISSING_TAG" });
  }
  const digits = text.slice(4, end);
  if (!partitionText.test(digits) || Number(digits) >= partitionCount) {
    throw invalidField(field, `partition must be a decimal from 0 to ${partitionCount - 1}`, {
      reason: "INVALID_PARTITION",
    });
  }
  return { id: parseUuid(text.slice(end + 2), field), partition: Number(digits) };
}

export function formatExecutionId(id: string, partition: number): string {
  return `{fp:${partition}}:${id}`;
}

/** Refuses to run against a database that was set up with another number of partitions. */
export function checkPartitionCount(stored: number): void {
  if (stored !== partitionCount) {
    throw new DomainError("Internal", `the database has ${stored} partitions, this version needs ${partitionCount}`);
  }
}
