import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "@flovyn/domain";
import { devSecretPrefixes } from "@flovyn/runtime";

export interface DevCredentials {
  orgId: string;
  orgSlug: string;
  apiKey: string;
  workerToken: string;
  /** Of an operator, who manages organizations and worker tokens. */
  operatorKey: string;
  /** Signs promise tokens. */
  promiseTokenSecret: string;
  /** Keys the hashes of worker tokens. */
  workerTokenSecret: string;
}

/**
 * The organisation and keys of a development server: made once, kept in the data directory for its owner alone, so that
 * workers and scripts go on working after a restart. What a directory of an older version lacks is added. Their prefixes say
 * what they are for, so that `flovyn serve` refuses them.
 */
export function devCredentials(dataDir: string): DevCredentials {
  const file = join(dataDir, "credentials.json");
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<DevCredentials>) : {};
  const credentials: DevCredentials = {
    orgId: kept.orgId ?? newId(),
    orgSlug: kept.orgSlug ?? "dev",
    apiKey: kept.apiKey ?? devSecretPrefixes.apiKey + secret(),
    workerToken: kept.workerToken ?? devSecretPrefixes.workerToken + secret(),
    operatorKey: kept.operatorKey ?? devSecretPrefixes.operatorKey + secret(),
    promiseTokenSecret: kept.promiseTokenSecret ?? devSecretPrefixes.secret + secret(),
    workerTokenSecret: kept.workerTokenSecret ?? devSecretPrefixes.secret + secret(),
  };
  if (Object.keys(credentials).some((key) => !(key in kept))) {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(file, `${JSON.stringify(credentials, null, 2)}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
  }
  return credentials;
}

/**
 * The configuration that makes these credentials valid, with the keys of the configuration file. Whether a key is needed is
 * left to the environment: without one the server is for loopback alone.
 */
export function devConfig(credentials: DevCredentials): Record<string, unknown> {
  const { orgId, orgSlug, apiKey, workerToken, operatorKey, promiseTokenSecret, workerTokenSecret } = credentials;
  return {
    orgs: [{ id: orgId, name: "Development", slug: orgSlug, tier: "FREE" }],
    auth: {
      static_api_key: {
        keys: [
          { key: apiKey, org_id: orgId, principal_type: "User", principal_id: "api:dev", role: "ADMIN" },
          { key: workerToken, org_id: orgId, principal_type: "Worker", principal_id: "worker:dev" },
          { key: operatorKey, principal_type: "User", principal_id: "operator:dev", role: "OPERATOR" },
        ],
      },
      promise_token: { secrets: [{ id: "dev", secret: promiseTokenSecret }] },
      // Takes the place of the one in the environment, which has this form.
      worker_token: { secret: workerTokenSecret },
    },
  };
}

/** 32 characters. */
function secret(): string {
  return randomBytes(24).toString("base64url");
}
