import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { KeyLookup } from "./static-keys.js";

/** Tells who calls from the `authorization` header. Errors: Unauthenticated. */
export type Authenticator = (authorization: string | undefined) => Caller;

export interface AuthenticatorOptions {
  lookUp: KeyLookup;
  /** Who a caller without a valid key is, when the configuration opens this door on purpose. */
  anonymous?: Caller | undefined;
}

/** Longer credentials are not looked at. */
const keyLengthMax = 4096;
const bearer = /^bearer +(\S+) *$/i;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { lookUp, anonymous } = options;
  return (authorization) => {
    const key = authorization === undefined ? undefined : bearerKey(authorization);
    const caller = key === undefined ? undefined : lookUp(key);
    if (caller !== undefined) return caller;
    if (anonymous !== undefined) return anonymous;
    throw key === undefined
      ? new DomainError("Unauthenticated", "a key is required: send `authorization: Bearer <key>`", {
          reason: "MISSING_CREDENTIALS",
        })
      : new DomainError("Unauthenticated", "the key is not valid", { reason: "INVALID_CREDENTIALS" });
  };
}

function bearerKey(authorization: string): string | undefined {
  if (authorization.length > keyLengthMax) return undefined;
  return bearer.exec(authorization)?.[1];
}
