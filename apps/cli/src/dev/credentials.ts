import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "@flovyn/domain";

export interface DevCredentials {
  orgId: string;
  orgSlug: string;
  apiKey: string;
  workerToken: string;
}

/**
 * The organisation and keys of a development server: made once, kept in the data directory for its owner alone, so that
 * workers and scripts go on working after a restart.
 */
export function devCredentials(dataDir: string): DevCredentials {
  const file = join(dataDir, "credentials.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as DevCredentials;
  const secret = () => randomBytes(18).toString("base64url");
  const made: DevCredentials = {
    orgId: newId(),
    orgSlug: "dev",
    apiKey: `flovyn_sk_dev_${secret()}`,
    workerToken: `flovyn_wk_dev_${secret()}`,
  };
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(file, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 });
  chmodSync(file, 0o600);
  return made;
}

/** The configuration that makes these credentials valid, with the keys of the configuration file. */
export function devConfig({ orgId, orgSlug, apiKey, workerToken }: DevCredentials): Record<string, unknown> {
  const endpoint = { authenticators: ["static_api_key"], authorizer: "cedar" };
  return {
    orgs: [{ id: orgId, name: "Development", slug: orgSlug, tier: "FREE" }],
    auth: {
      enabled: true,
      static_api_key: {
        keys: [
          { key: apiKey, org_id: orgId, principal_type: "User", principal_id: "api:dev", role: "ADMIN" },
          { key: workerToken, org_id: orgId, principal_type: "Worker", principal_id: "worker:dev" },
        ],
      },
      endpoints: { http: endpoint, grpc: endpoint },
    },
  };
}
