import { createHash } from "node:crypto";
import type { Caller } from "@flovyn/bus";

export interface StaticKey {
  key: string;
  orgId: string;
  principalType: "User" | "Worker";
  principalId: string;
  role?: string | undefined;
}

export type KeyLookup = (key: string) => Caller | undefined;

/**
 * Finds the principal of a configured key. Keys are kept and compared as SHA-256 digests, so that neither memory dumps
 * nor the time of a comparison tell anything about them.
 */
export function createKeyLookup(keys: readonly StaticKey[]): KeyLookup {
  const callers = new Map<string, Caller>();
  for (const { key, orgId, principalType, principalId, role } of keys) {
    const caller: Caller = { orgId, principalType, principalId };
    if (role !== undefined) caller.role = role;
    callers.set(digest(key), Object.freeze(caller));
  }
  return (key) => callers.get(digest(key));
}

function digest(key: string): string {
  return createHash("sha256").update(key).digest("base64");
}
