import { readFileSync } from "node:fs";
import { parse } from "smol-toml";
import type { z } from "zod";
import { configShape, type EndpointConfig, type FlovynConfig } from "./config.js";
import { overlayEnvironment } from "./environment.js";

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
  /** Path of the TOML file; CONFIG_FILE of the environment when missing. */
  configFile?: string | undefined;
  /** Laid over file and environment: command-line options. Keys as in the file. */
  overrides?: Record<string, unknown>;
}

const knownAuthenticators = ["static_api_key"];

/** Reads file and environment into one complete object. Errors: ConfigError listing every problem. */
export function loadConfig(source: ConfigSource = {}): FlovynConfig {
  const env = source.env ?? process.env;
  const path = source.configFile ?? env.CONFIG_FILE;
  const tree = { ...overlayEnvironment(path ? readFile(path) : {}, env), ...source.overrides };
  const parsed = configShape.safeParse(tree);
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${nameOf(issue.path)}: ${issue.message}`));
  }
  const problems = checkTogether(parsed.data);
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(parsed.data);
}

function readFile(path: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new ConfigError([`CONFIG_FILE: the file ${path} cannot be read`]);
  }
  try {
    return parse(text);
  } catch (error) {
    // The message quotes the place, which may hold a key: only its first line, the reason, is passed on.
    const [reason] = error instanceof Error ? error.message.split("\n") : [];
    throw new ConfigError([`CONFIG_FILE: ${path} is not TOML: ${reason ?? "syntax error"}`]);
  }
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((level, index) => (typeof level === "number" ? `[${level}]` : `${index > 0 ? "." : ""}${String(level)}`))
    .join("");
}

type Parsed = z.infer<typeof configShape>;

function checkTogether(config: Parsed): string[] {
  const problems: string[] = [];
  const orgIds = new Set(config.orgs.map((org) => org.id));
  for (const [name, values] of [
    ["id", config.orgs.map((org) => org.id)],
    ["slug", config.orgs.map((org) => org.slug)],
  ] as const) {
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice !== undefined) problems.push(`orgs: two of them have the ${name} ${twice}`);
  }
  const { keys } = config.auth.static_api_key;
  keys.forEach((key, index) => {
    const name = `auth.static_api_key.keys[${index}]`;
    if (!orgIds.has(key.org_id)) problems.push(`${name}.org_id: ${key.org_id} is not one of the configured orgs`);
    if (keys.findIndex((other) => other.key === key.key) !== index) problems.push(`${name}.key: is used twice`);
  });
  for (const door of ["http", "grpc"] as const) {
    const { authenticators } = config.auth.endpoints[door];
    if (config.auth.enabled && authenticators.length === 0) {
      problems.push(`auth.endpoints.${door}.authenticators: must name at least one`);
    }
    for (const name of authenticators) {
      if (knownAuthenticators.includes(name)) continue;
      problems.push(`auth.endpoints.${door}.authenticators: ${name} is not one of ${knownAuthenticators.join(", ")}`);
    }
  }
  return problems;
}

function toConfig(config: Parsed): FlovynConfig {
  const { http, grpc } = config.auth.endpoints;
  return {
    databaseUrl: config.database_url,
    serverPort: config.server_port,
    grpcServerPort: config.grpc_server_port,
    opsPort: config.ops_port,
    bindAddress: config.bind_address,
    runMigrations: config.run_migrations,
    nats: config.nats,
    log: config.log,
    database: { poolMax: config.database.pool_max },
    orgs: config.orgs,
    auth: {
      enabled: config.auth.enabled,
      staticApiKey: {
        keys: config.auth.static_api_key.keys.map((key) => ({
          key: key.key,
          orgId: key.org_id,
          principalType: key.principal_type,
          principalId: key.principal_id,
          role: key.role,
        })),
      },
      endpoints: { http: toEndpoint(http), grpc: toEndpoint(grpc) },
    },
  };
}

function toEndpoint(endpoint: Parsed["auth"]["endpoints"]["http"]): EndpointConfig {
  return {
    authenticators: endpoint.authenticators,
    authorizer: endpoint.authorizer,
    excludePaths: endpoint.exclude_paths,
  };
}
