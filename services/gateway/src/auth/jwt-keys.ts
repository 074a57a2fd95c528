import type { JwtConfig } from "@flovyn/runtime";
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { fetchFromProvider, fetchJsonFromProvider, KeysOutOfReachError, providerAnswerMs } from "./provider-fetch.js";

/** Keys are fetched again after this, and at once when a token names an unknown one, but not more often than that. */
const keysMaxAgeMs = 600_000;
const unknownKeyPauseMs = 30_000;
/** A provider that failed is left alone for this long, whatever number of tokens arrives meanwhile. */
const failurePauseMs = 1000;

/**
 * Where the public keys that check tokens come from: the configuration, an address, or the issuer's own description
 * (OpenID Connect Discovery). Errors: SyntaxError or TypeError of keys in the configuration that are none.
 */
export function createJwtKeys(config: JwtConfig, now: () => number): JWTVerifyGetKey {
  if (config.jwks !== undefined) return createLocalJWKSet(JSON.parse(config.jwks) as JSONWebKeySet);
  if (config.jwksUri !== undefined) return remoteKeys(config.jwksUri, now);
  const { issuer = "" } = config;
  const find = withPauses(async () => remoteKeys(await discoverKeys(issuer), now), now);
  let found: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    found ??= find().catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return (await found)(header, token);
  };
}

function remoteKeys(address: string, now: () => number): JWTVerifyGetKey {
  const ask = withPauses(fetchFromProvider, now);
  return createRemoteJWKSet(new URL(address), {
    timeoutDuration: providerAnswerMs,
    cooldownDuration: unknownKeyPauseMs,
    cacheMaxAge: keysMaxAgeMs,
    [customFetch]: async (url, { signal }) => new Response(await ask(url, signal)),
  });
}

/** Asks, and answers with the last failure for a while after it. */
function withPauses<Args extends unknown[], Answer>(
  ask: (...args: Args) => Promise<Answer>,
  now: () => number,
): (...args: Args) => Promise<Answer> {
  let failed = { atMs: Number.NEGATIVE_INFINITY, by: undefined as unknown };
  return async (...args) => {
    const sinceMs = now() - failed.atMs;
    // A clock that was set back ends the pause.
    if (sinceMs >= 0 && sinceMs < failurePauseMs) throw failed.by;
    try {
      return await ask(...args);
    } catch (by) {
      failed = { atMs: now(), by };
      throw by;
    }
  };
}

/** Asks the issuer where its keys are. The answer must come from the issuer that the tokens name. */
async function discoverKeys(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const described = (await fetchJsonFromProvider(address)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (described?.issuer !== issuer) throw new KeysOutOfReachError("describes another issuer");
  const keys = URL.parse(String(described.jwks_uri));
  if (keys?.protocol !== new URL(issuer).protocol) throw new KeysOutOfReachError("names keys of another protocol");
  return keys.href;
}
