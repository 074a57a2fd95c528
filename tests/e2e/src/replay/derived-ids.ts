import { createHash } from "node:crypto";
import type { IdSource } from "./family.js";

/** UUIDv5 in the namespace of the execution, by a counter that every call raises, whether it is in the history or not. */
export function derivedIds(executionId: string): IdSource {
  let counter = 0;
  return {
    next: () => derivedId(executionId, counter++),
    skip: () => {
      counter += 1;
    },
  };
}

/** The id that a counter gives in an execution: the second run of the same code asks for the same. */
export function derivedId(executionId: string, counter: number): string {
  const namespace = Buffer.from(executionId.replaceAll("-", ""), "hex");
  const hash = createHash("sha1").update(namespace).update(`${executionId}:${counter}`).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return uuidText(hash.toString("hex"));
}

/**
 * As the old Kotlin library makes ids: a counter added to the execution id, so that the first is the id of the execution.
 * Calls that are in the history do not count, so the first new call of every activation asks for that id again.
 */
export function addedIds(executionId: string): IdSource {
  let counter = 0n;
  const base = BigInt(`0x${executionId.replaceAll("-", "")}`);
  return {
    next: () =>
      uuidText(
        BigInt.asUintN(128, base + counter++)
          .toString(16)
          .padStart(32, "0"),
      ),
    skip: () => undefined,
  };
}

function uuidText(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}
