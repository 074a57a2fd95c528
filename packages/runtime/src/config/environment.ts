/** Older names of settings, and names without a level, with the path they stand for. */
const names: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: ["database_url"],
  SERVER_PORT: ["server_port"],
  GRPC_SERVER_PORT: ["grpc_server_port"],
  OPS_PORT: ["ops_port"],
  OPS_BIND_ADDRESS: ["ops_bind_address"],
  BIND_ADDRESS: ["bind_address"],
  RUN_MIGRATIONS: ["run_migrations"],
  NATS_URL: ["nats", "url"],
  NATS_ENABLED: ["nats", "enabled"],
  LOG_LEVEL: ["log", "level"],
  OTEL__OTLP_ENDPOINT: ["otel", "endpoint"],
  OTEL_EXPORTER_OTLP_ENDPOINT: ["otel", "exporter_otlp_endpoint"],
  FLOVYN_ORGS: ["orgs"],
  FLOVYN_SECURITY_ENABLED: ["auth", "enabled"],
  WORKER_TOKEN_SECRET: ["auth", "worker_token", "secret"],
  JWT_SKIP_SIGNATURE_VERIFICATION: ["auth", "jwt", "skip_verification"],
  FLOVYN_SECURITY_JWT_SKIP_SIGNATURE_VERIFICATION: ["auth", "jwt", "skip_verification"],
};

/** Sections that `SECTION__KEY` may set; other variables with two underscores belong to somebody else. */
const sections = ["nats", "log", "database", "otel", "auth", "audit", "limits", "cors", "tls"];

type Tree = Record<string, unknown>;

/**
 * Puts what the environment says over what the file says: `NATS__URL` is `url` of section `nats`. A JSON array or object
 * stands for a list or a table. Where an older name and a current one set the same key, the current one counts.
 */
export function overlayEnvironment(file: Tree, env: Readonly<Record<string, string | undefined>>): Tree {
  const merged = structuredClone(file);
  const set = Object.entries(env).flatMap(([name, value]) => {
    const path = names[name] ?? levels(name);
    return value === undefined || value.trim() === "" || path === undefined ? [] : [{ name, path, value }];
  });
  // Outer keys first, so that a table set as a whole does not remove one of its keys set alone.
  const rank = ({ name, path }: { name: string; path: readonly string[] }) =>
    path.length * 2 + (name.includes("__") ? 1 : 0);
  for (const { path, value } of set.sort((a, b) => rank(a) - rank(b))) setAt(merged, path, parseValue(value));
  return merged;
}

function levels(name: string): string[] | undefined {
  const path = name.toLowerCase().split("__");
  if (path.length === 1) return undefined;
  return sections.includes(path[0] as string) && path.every((level) => /^[a-z][a-z0-9_]*$/.test(level))
    ? path
    : undefined;
}

function parseValue(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    // Not JSON: the check of the key says what it should be, without repeating the text, which may hold a secret.
    return value;
  }
}

function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const level of path.slice(0, -1)) {
    const next = node[level];
    if (next === null || typeof next !== "object" || Array.isArray(next)) node[level] = {};
    node = node[level] as Tree;
  }
  node[path.at(-1) as string] = value;
}
