import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";

/** What a door tells of a call before anybody knows who calls. */
export interface Credentials {
  /** The header or metadata of that name. */
  authorization: string | undefined;
  /** Of the peer, without its port. */
  address: string;
}

/** Tells who calls; at once for whoever is known. Errors: Unauthenticated; Unavailable when it cannot be found out. */
export type Authenticate = (credentials: Credentials) => Caller | Promise<Caller>;

/**
 * One way to find out who calls, by the text after `Bearer`; the address says whose share of checks a new one takes. Undefined:
 * not a credential of this kind, others may try. Errors: Unauthenticated for one of this kind that is not valid, which ends
 * the search; LimitExceeded, Unavailable for too many new ones.
 */
export interface Authenticator {
  readonly name: string;
  readonly authenticate: (token: string, address: string) => Caller | undefined | Promise<Caller | undefined>;
}

export interface AuthenticateOptions {
  /** Asked one after the other. None refuses everybody. */
  authenticators: readonly Authenticator[];
  /** Who a caller without a valid credential is, when the configuration opens this door on purpose. */
  anonymous?: Caller | undefined;
}

/** Longer credentials are not looked at. */
export const credentialLengthMax = 8192;
const bearer = /^bearer +(\S+) *$/i;

/** The check of one door. Whatever goes wrong on the way refuses the call. */
export function createAuthenticate({ authenticators, anonymous }: AuthenticateOptions): Authenticate {
  const askFrom = (token: string, address: string, from = 0): Caller | Promise<Caller> => {
    for (let index = from; index < authenticators.length; index++) {
      const answer = authenticators[index]?.authenticate(token, address);
      if (answer instanceof Promise) return answer.then((caller) => caller ?? askFrom(token, address, index + 1));
      if (answer !== undefined) return answer;
    }
    if (anonymous !== undefined) return anonymous;
    throw invalidCredentials();
  };
  return ({ authorization, address }) => {
    const token = authorization === undefined ? undefined : bearerToken(authorization);
    if (token !== undefined) return askFrom(token, address);
    if (anonymous !== undefined) return anonymous;
    throw missingCredentials();
  };
}

function bearerToken(authorization: string): string | undefined {
  if (authorization.length > credentialLengthMax) return undefined;
  return bearer.exec(authorization)?.[1];
}

function missingCredentials(): DomainError {
  return new DomainError("Unauthenticated", "a key is required: send `authorization: Bearer <key>`", {
    reason: "MISSING_CREDENTIALS",
  });
}

/** The same whatever is wrong: nobody learns which part of a credential was right. */
export function invalidCredentials(): DomainError {
  return new DomainError("Unauthenticated", "the key is not valid", { reason: "INVALID_CREDENTIALS" });
}
