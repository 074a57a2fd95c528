/** Older names of settings, and names without a level, with the path they stand for. */
const names: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: ["database_url"],
  SERVER_PORT: ["server_port"],
  GRPC_SERVER_PORT: ["grpc_server_port"],
  OPS_PORT: ["ops_port"],
  BIND_ADDRESS: ["bind_address"],
  RUN_MIGRATIONS: ["run_migrations"],
  NATS_URL: ["nats", "url"],
  NATS_ENABLED: ["nats", "enabled"],
  LOG_LEVEL: ["log", "level"],
  FLOVYN_SECURITY_ENABLED: ["auth", "enabled"],
};

/** Sections that `SECTION__KEY` may set; other variables with two underscores belong to somebody else. */
const sections = ["nats", "log", "database", "auth"];

type Tree = Record<string, unknown>;

/** Puts what the environment says over what the file says: `NATS__URL` is `url` of section `nats`. */
export function overlayEnvironment(file: Tree, env: Readonly<Record<string, string | undefined>>): Tree {
  const merged = structuredClone(file);
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === "") continue;
    const path = names[name] ?? levels(name);
    if (path !== undefined) setAt(merged, path, value);
  }
  return merged;
}

function levels(name: string): string[] | undefined {
  if (!name.includes("__")) return undefined;
  const path = name.toLowerCase().split("__");
  return sections.includes(path[0] as string) && path.every((level) => /^[a-z][a-z0-9_]*$/.test(level))
    ? path
    : undefined;
}

function setAt(tree: Tree, path: readonly string[], value: string): void {
  let node = tree;
  for (const level of path.slice(0, -1)) {
    const next = node[level];
    if (next === null || typeof next !== "object" || Array.isArray(next)) node[level] = {};
    node = node[level] as Tree;
  }
  node[path.at(-1) as string] = value;
}
