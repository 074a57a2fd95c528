import type { Caller } from "@flovyn/bus";
import type { Authenticator } from "./authenticate.js";
import { credentialDigest } from "./credential-digest.js";

export interface StaticKey {
  key: string;
  orgId: string;
  principalType: "User" | "Worker";
  principalId: string;
  role?: string | undefined;
}

/**
 * Knows the keys of the configuration, of whatever form they are. Keys are kept and compared as SHA-256 digests.
 */
export function createStaticKeys(keys: readonly StaticKey[]): Authenticator {
  const callers = new Map<string, Caller>();
  for (const { key, orgId, principalType, principalId, role } of keys) {
    const caller: Caller = { orgId, principalType, principalId };
    if (role !== undefined) caller.role = role;
    callers.set(credentialDigest(key), Object.freeze(caller));
  }
  return { name: "static_api_key", authenticate: (token) => callers.get(credentialDigest(token)) };
}
