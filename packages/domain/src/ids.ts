import { randomFillSync } from "node:crypto";
import { invalidField } from "./errors.js";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrgId = Branded<"OrgId">;
export type WorkflowId = Branded<"WorkflowId">;
export type TaskId = Branded<"TaskId">;
export type WorkerId = Branded<"WorkerId">;

const hyphenatedUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for the 8-4-4-4-12 form in either case; braces, URN and un-hyphenated forms are not accepted. */
export function isUuid(text: string): boolean {
  return text.length === 36 && hyphenatedUuid.test(text.toLowerCase());
}

/**
 * A UUID given by a caller, as canonical lower-case text. Any RFC version is accepted.
 * Errors: InvalidInput naming `field`.
 */
export function parseUuid<Id extends string = string>(text: string, field: string): Id {
  const lower = text.toLowerCase();
  if (lower.length !== 36 || !hyphenatedUuid.test(lower)) {
    const problem = text === "" ? "is required" : "must be a UUID in the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    throw invalidField(field, problem, { reason: "INVALID_UUID" });
  }
  return lower as Id;
}

/** Random bytes are drawn for many ids at once: one system call for 256 ids. */
const randomPool = Buffer.allocUnsafe(256 * 8);
let randomUsed = randomPool.length;

const hex: string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * Makes version 7 UUIDs that ascend strictly inside one process.
 * The 12 bits after the version are a counter that starts at a random value below 2048 in each new
 * millisecond; when it runs out, or when the clock steps back, the last timestamp is kept or moved on by one.
 */
export function createIdGenerator(now: () => number = Date.now): () => string {
  let lastMs = 0;
  let counter = 0;
  return () => {
    if (randomUsed + 8 > randomPool.length) {
      randomFillSync(randomPool);
      randomUsed = 0;
    }
    const nowMs = now();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = ((randomPool[randomUsed] as number) << 3) & 0x7ff;
    } else if (++counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
    const high = Math.floor(lastMs / 0x10000);
    const low = lastMs & 0xffff;
    const byte = (offset: number) => hex[randomPool[randomUsed + offset] as number] as string;
    const variant = hex[((randomPool[randomUsed] as number) & 0x3f) | 0x80] as string;
    const id =
      high.toString(16).padStart(8, "0") +
      "-" +
      low.toString(16).padStart(4, "0") +
      "-7" +
      counter.toString(16).padStart(3, "0") +
      "-" +
      variant +
      byte(1) +
      "-" +
      byte(2) +
      byte(3) +
      byte(4) +
      byte(5) +
      byte(6) +
      byte(7);
    randomUsed += 8;
    return id;
  };
}

const generate = createIdGenerator();

/** A new version 7 UUID: every identifier the server makes comes from here. */
export function newId<Id extends string = string>(): Id {
  return generate() as Id;
}
