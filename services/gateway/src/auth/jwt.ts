import type { Caller } from "@flovyn/bus";
import { DomainError, decodeBase64Url } from "@flovyn/domain";
import type { JwtConfig, Logger } from "@flovyn/runtime";
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { Budget } from "../budgets/budget.js";
import { BoundedCache } from "../cache/bounded-cache.js";
import { type Authenticator, invalidCredentials } from "./authenticate.js";
import { credentialDigest } from "./credential-digest.js";
import { type Claims, readClaims } from "./jwt-claims.js";
import { createJwtKeys } from "./jwt-keys.js";
import { checkTimes } from "./jwt-times.js";
import { PendingChecks } from "./pending-checks.js";
import { KeysOutOfReachError } from "./provider-fetch.js";
import { createProviderWarnings } from "./provider-warnings.js";

export interface JwtAuthenticatorOptions {
  config: JwtConfig;
  /** The id of the org with this id or slug; empty when there is none. Errors: Unavailable, Timeout. */
  findOrg(idOrSlug: string): Promise<string>;
  log: Logger;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told when a caller is known: until when. */
  onCaller?: (caller: Caller, expiresAtMs: number) => void;
  /** For checks of tokens that run at the same time; each costs a signature. */
  checks: Budget;
}

/** A verified token is believed for so long without another look, so that a key that was withdrawn counts no longer. */
const verifiedTtlMs = 60_000;
const verifiedMax = 20_000;

const form = /^eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/**
 * Accepts the JSON Web Tokens of one identity provider: signed by one of its keys with an accepted algorithm, meant for this
 * audience, within their time. What goes wrong on the way never lets a caller in. Source: RFC 7519, RFC 8725.
 */
export function createJwtAuthenticator(options: JwtAuthenticatorOptions): Authenticator {
  const { config, now, log } = options;
  const warn = createProviderWarnings(log);
  const verify = config.skipVerification ? unverified(config, now) : verified(config, now);
  const known = new BoundedCache<Caller>({ entriesMax: verifiedMax, now });
  const pending = new PendingChecks(options.checks);

  async function check(token: string, key: string): Promise<Caller> {
    const payload = await verify(token).catch((error: unknown) => {
      throw refusal(error, warn);
    });
    const claims = readClaims(payload, config);
    const caller = Object.freeze(await callerOf(claims, options));
    options.onCaller?.(caller, claims.expiresAtMs);
    known.set(key, caller, Math.min(verifiedTtlMs, claims.expiresAtMs - now()));
    return caller;
  }

  return {
    name: "jwt",
    authenticate(token, address) {
      if (!form.test(token)) return undefined;
      const key = credentialDigest(token);
      const caller = known.get(key);
      if (caller !== undefined) return caller;
      // One token has one text, or a copy of it would count as another one.
      if (token.split(".").some((part) => decodeBase64Url(part) === undefined)) throw invalidCredentials();
      return pending.run(key, address, () => check(token, key));
    },
  };
}

type Verify = (token: string) => Promise<JWTPayload>;

function verified(config: JwtConfig, now: () => number): Verify {
  const keys: JWTVerifyGetKey = createJwtKeys(config, now);
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, { ...timing(config, now), algorithms: [...config.algorithms] });
    checkTimes(payload);
    notFromTheFuture(payload, config, now);
    return payload;
  };
}

/** Structure, times, issuer and audience hold even where the signature is not looked at. */
function unverified(config: JwtConfig, now: () => number): Verify {
  return async (token) => {
    const payload = decode(token);
    checkTimes(payload);
    const skewSeconds = config.clockSkewSeconds;
    const atSeconds = now() / 1000;
    if ((payload.exp ?? 0) + skewSeconds <= atSeconds) throw new errors.JWTExpired("", payload);
    if ((payload.nbf ?? 0) > atSeconds + skewSeconds) throw new errors.JWTInvalid("not yet");
    if (config.issuer !== undefined && payload.iss !== config.issuer) throw new errors.JWTInvalid("issuer");
    const audiences = [payload.aud ?? []].flat();
    if (config.audience !== undefined && !config.audience.some((one) => audiences.includes(one))) {
      throw new errors.JWTInvalid("audience");
    }
    notFromTheFuture(payload, config, now);
    return payload;
  };
}

function decode(token: string): JWTPayload {
  try {
    decodeProtectedHeader(token);
    return decodeJwt(token);
  } catch (cause) {
    throw new errors.JWTInvalid("not the structure of a token", { cause });
  }
}

function timing(config: JwtConfig, now: () => number) {
  return {
    ...(config.issuer !== undefined && { issuer: config.issuer }),
    ...(config.audience !== undefined && { audience: config.audience }),
    clockTolerance: config.clockSkewSeconds,
    currentDate: new Date(now()),
    requiredClaims: ["exp", "sub"],
  };
}

/** The library looks at `iat` only where a greatest age is set. */
function notFromTheFuture({ iat }: JWTPayload, { clockSkewSeconds }: JwtConfig, now: () => number): void {
  if (iat !== undefined && !(iat <= now() / 1000 + clockSkewSeconds))
    throw new errors.JWTInvalid("issued in the future");
}

async function callerOf(claims: Claims, { config, findOrg }: JwtAuthenticatorOptions): Promise<Caller> {
  const { principalType, principalId, role } = claims;
  if (claims.org === undefined) {
    // Where signatures are not looked at, for tests, tokens name neither an org nor a role.
    const isOperator = claims.isOperator || config.skipVerification;
    if (config.withoutOrg === "reject" || principalType !== "User" || !isOperator) throw invalidCredentials();
    return { orgId: "", principalType: "User", principalId, role: "OPERATOR" };
  }
  const orgId = await findOrg(claims.org);
  if (orgId === "") throw invalidCredentials();
  return { orgId, principalType, principalId, ...(principalType === "User" && { role }) };
}

/** Nobody learns more than that the token is not valid, or was, and that keys cannot be had. */
function refusal(error: unknown, warn: (error: unknown) => void): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof errors.JWTExpired) {
    return new DomainError("Unauthenticated", "the token has expired", { reason: "EXPIRED_CREDENTIALS" });
  }
  if (isOutOfReach(error)) {
    warn(error);
    return new DomainError("Unavailable", "the token cannot be checked now", { reason: "KEYS_OUT_OF_REACH" });
  }
  return invalidCredentials();
}

/** Whether an error says nothing of the token: the provider did not answer, or not with keys, or this code is wrong. */
function isOutOfReach(error: unknown): boolean {
  if (error instanceof KeysOutOfReachError || error instanceof errors.JWKSTimeout) return true;
  if (error instanceof errors.JWKSInvalid) return true;
  return !(error instanceof errors.JOSEError) || error.code === "ERR_JOSE_GENERIC";
}
