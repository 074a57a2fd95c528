import type { JwtConfig } from "@flovyn/runtime";
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

/** A provider that answers nothing in this time is out of reach. */
const answerTimeoutMs = 5000;
/** Keys are fetched again after this, and at once when a token names an unknown one, but not more often than that. */
const keysMaxAgeMs = 600_000;
const unknownKeyPauseMs = 30_000;
/** An issuer that could not be asked for the address of its keys is left alone for this long. */
const discoveryPauseMs = 5000;

/** The keys of the provider could not be had; says nothing of the token. */
export class KeysOutOfReachError extends Error {
  constructor(cause: unknown) {
    super("the keys of the identity provider are out of reach", { cause });
    this.name = "KeysOutOfReachError";
  }
}

/**
 * Where the public keys that check tokens come from: the configuration, an address, or the issuer's own description
 * (OpenID Connect Discovery). Errors: SyntaxError or TypeError of keys in the configuration that are none.
 */
export function createJwtKeys(config: JwtConfig, now: () => number): JWTVerifyGetKey {
  if (config.jwks !== undefined) return createLocalJWKSet(JSON.parse(config.jwks) as JSONWebKeySet);
  if (config.jwksUri !== undefined) return remoteKeys(config.jwksUri);
  const { issuer = "" } = config;
  let found: Promise<JWTVerifyGetKey> | undefined;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  return async (header, token) => {
    if (found === undefined) {
      if (now() - failedAtMs < discoveryPauseMs) throw new KeysOutOfReachError("asked a moment ago");
      found = discover(issuer);
    }
    const asked = found;
    const keys = await asked.catch((error: unknown) => {
      if (found === asked) found = undefined;
      failedAtMs = now();
      throw error;
    });
    return keys(header, token);
  };
}

function remoteKeys(address: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(address), {
    timeoutDuration: answerTimeoutMs,
    cooldownDuration: unknownKeyPauseMs,
    cacheMaxAge: keysMaxAgeMs,
  });
}

/** Asks the issuer where its keys are. The answer must come from the issuer that the tokens name. */
async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const answer = await fetch(address, {
      redirect: "error",
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    if (!answer.ok) throw new Error(`${address} was answered with ${answer.status}`);
    const described = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (described.issuer !== issuer) throw new Error(`${address} describes another issuer`);
    const keys = new URL(String(described.jwks_uri));
    if (keys.protocol !== new URL(issuer).protocol) throw new Error(`${address} names keys of another protocol`);
    return remoteKeys(keys.href);
  } catch (error) {
    throw new KeysOutOfReachError(error);
  }
}
