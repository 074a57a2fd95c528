import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import type { z } from "zod";
import { checkShape } from "../check-shape.js";
import { loopback } from "../loopback.js";
import { checkTogether } from "./check-together.js";
import {
  configShape,
  type EndpointConfig,
  type FlovynConfig,
  type NamedSecret,
  type NatsAccess,
  type OrgConfig,
  type OtelConfig,
  soleSecretId,
} from "./config.js";
import { toLimitsConfig, toTlsConfig } from "./edge-config.js";
import { overlayEnvironment } from "./environment.js";
import { toJwtConfig } from "./jwt-config.js";

/** Everything that is wrong with a configuration, each with the full name of its key; never with a secret. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

export interface ConfigSource {
  env?: Readonly<Record<string, string | undefined>>;
  /** Path of the TOML file, given by the option `--config`; CONFIG_FILE of the environment when missing. */
  configFile?: string | undefined;
  /** Laid below the file: what a command starts from. Keys as in the file. */
  defaults?: Record<string, unknown>;
  /** Laid over file and environment: command-line options. Keys as in the file. */
  overrides?: Record<string, unknown>;
}

/** Reads file and environment into one complete object. Errors: ConfigError listing every problem. */
export function loadConfig(source: ConfigSource = {}): FlovynConfig {
  const env = source.env ?? process.env;
  const path = source.configFile ?? env.CONFIG_FILE;
  const named = source.configFile === undefined ? "CONFIG_FILE" : "--config";
  const file = mergeTrees(source.defaults ?? {}, path ? readFile(path, named) : {});
  const tree = mergeTrees(overlayEnvironment(file, env), source.overrides ?? {});
  const shaped = checkShape(configShape, tree, { whole: "configuration", table: "a table" });
  const shapeProblems = "problems" in shaped ? shaped.problems.map(({ field, problem }) => `${field}: ${problem}`) : [];
  const problems = [...new Set([...shapeProblems, ...checkTogether(tree)])];
  if ("problems" in shaped || problems.length > 0) throw new ConfigError(problems);
  return toConfig(shaped.value);
}

type Tree = Record<string, unknown>;

/** Tables are merged key by key; anything else is replaced. */
function mergeTrees(below: Tree, above: Tree): Tree {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isTable(old) && isTable(value) ? mergeTrees(old, value) : value;
  }
  return merged;
}

function isTable(value: unknown): value is Tree {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** `named` is what gave the path. */
function readFile(path: string, named: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new ConfigError([`${named}: the file ${path} cannot be read`]);
  }
  try {
    return parse(text);
  } catch (error) {
    // The message quotes the place, which may hold a key: only its first line, the reason, is passed on.
    const [reason] = error instanceof Error ? error.message.split("\n") : [];
    throw new ConfigError([`${named}: ${path} is not TOML: ${reason ?? "syntax error"}`]);
  }
}

type Parsed = z.infer<typeof configShape>;

function toConfig(config: Parsed): FlovynConfig {
  const { http, grpc } = config.auth.endpoints;
  return {
    databaseUrl: config.database_url,
    serverPort: config.server_port,
    grpcServerPort: config.grpc_server_port,
    opsPort: config.ops_port,
    opsBindAddress: config.ops_bind_address,
    bindAddress: config.bind_address ?? (config.auth.enabled ? everywhere : loopback),
    runMigrations: config.run_migrations,
    nats: toNats(config.nats),
    log: config.log,
    otel: toOtel(config.otel),
    limits: toLimitsConfig(config.limits),
    cors: { origins: config.cors.origins, maxAgeSeconds: config.cors.max_age_seconds },
    tls: toTlsConfig(config.tls),
    audit: config.audit,
    database: { poolMax: config.database.pool_max, batchSlots: config.database.batch_slots },
    orgs: config.orgs.map(toOrg),
    auth: {
      enabled: config.auth.enabled,
      allowedHosts: config.auth.allowed_hosts,
      staticApiKey: {
        keys: config.auth.static_api_key.keys.map((key) => ({
          key: key.key,
          orgId: key.org_id ?? "",
          principalType: key.principal_type,
          principalId: key.principal_id,
          role: key.role,
        })),
      },
      cedar: config.auth.cedar,
      jwt: config.auth.jwt && toJwtConfig(config.auth.jwt),
      promiseToken: config.auth.promise_token,
      workerToken: { secrets: toWorkerSecrets(config.auth.worker_token) },
      endpoints: { http: toEndpoint(http), grpc: toEndpoint(grpc) },
    },
  };
}

/** Where the gateway listens without `bind_address`; where callers need no credential it is on this machine alone. */
const everywhere = "::";

function toOrg({ quotas, ...org }: Parsed["orgs"][number]): OrgConfig {
  const { requests_per_second: requestsPerSecond, request_burst: requestBurst, worker_tokens: workerTokens } = quotas;
  return {
    ...org,
    quotas: {
      ...(requestsPerSecond !== undefined && { requestsPerSecond }),
      ...(requestBurst !== undefined && { requestBurst }),
      ...(workerTokens !== undefined && { workerTokens }),
    },
  };
}

function toNats({ enabled, url, namespace, silence_ms, tls, ...access }: Parsed["nats"]): FlovynConfig["nats"] {
  const files = tls && {
    ...(tls.ca_file !== undefined && { caFile: tls.ca_file }),
    ...(tls.cert_file !== undefined && { certFile: tls.cert_file }),
    ...(tls.key_file !== undefined && { keyFile: tls.key_file }),
  };
  return { enabled, url, namespace, silenceMs: silence_ms, credentials: toNatsAccess(access), tls: files };
}

function toNatsAccess(
  access: Pick<Parsed["nats"], "user" | "password" | "token" | "creds_file">,
): NatsAccess | undefined {
  if (access.creds_file !== undefined) return { credsFile: access.creds_file };
  if (access.token !== undefined) return { token: access.token };
  if (access.user === undefined) return undefined;
  return { user: access.user, password: access.password ?? "" };
}

function toWorkerSecrets({ secret, secrets }: Parsed["auth"]["worker_token"]): NamedSecret[] {
  return secret === undefined ? secrets : [{ id: soleSecretId, secret }];
}

/** Where the standard says that a collector listens. */
const otlpEndpointDefault = "http://127.0.0.1:4318";

function toOtel(otel: Parsed["otel"]): OtelConfig {
  const { enabled, headers, service_name: serviceName } = otel;
  const endpoint = otel.endpoint ?? otel.otlp_endpoint ?? otel.exporter_otlp_endpoint ?? otlpEndpointDefault;
  return { enabled, endpoint, headers, serviceName };
}

function toEndpoint(endpoint: Parsed["auth"]["endpoints"]["http"]): EndpointConfig {
  return {
    authenticators: endpoint.authenticators,
    authorizer: endpoint.authorizer,
    excludePaths: endpoint.exclude_paths,
  };
}
