// Goal: what a process is told becomes one complete object, or one error with every problem by its full name, and a
// secret never shows in it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "./load-config.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(folder, `${files++}.toml`);
  writeFileSync(path, text);
  return path;
}

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const orgId = "0190a3e0-0000-7000-8000-00000000000a";
const otherOrgId = "0190a3e0-0000-7000-8000-00000000000b";

/** The file that test harnesses of existing clients write. */
const harnessFile = `
[[orgs]]
id = "${orgId.toUpperCase()}"
name = "Test Organization"
slug = "test-1a2b3c4d"
tier = "FREE"

[auth]
enabled = true

[auth.static_api_key]
keys = [
  { key = "flovyn_sk_test_1", org_id = "${orgId}", principal_type = "User", principal_id = "api:test", role = "ADMIN" },
  { key = "flovyn_wk_test_1", org_id = "${orgId}", principal_type = "Worker", principal_id = "worker:test" },
]

[auth.endpoints.http]
authenticators = ["static_api_key"]
authorizer = "cedar"

[auth.endpoints.grpc]
authenticators = ["static_api_key"]
authorizer = "cedar"

[otel]
enabled = false
`;

describe("configuration", () => {
  it("reads what the harnesses of existing clients give", () => {
    const config = loadConfig({
      env: {
        DATABASE_URL: "postgres://flovyn:flovyn@db:5432/flovyn",
        NATS__ENABLED: "true",
        NATS__URL: "nats://broker:4222",
        SERVER_PORT: "8000",
        GRPC_SERVER_PORT: "9090",
        CONFIG_FILE: file(harnessFile),
        RUST_LOG: "info",
        PATH: "/bin",
      },
    });
    expect(config).toMatchObject({
      databaseUrl: "postgres://flovyn:flovyn@db:5432/flovyn",
      serverPort: 8000,
      grpcServerPort: 9090,
      opsPort: 8001,
      bindAddress: "::",
      runMigrations: true,
      nats: { enabled: true, url: "nats://broker:4222" },
      log: { level: "info", pretty: false },
      database: { poolMax: 10 },
      orgs: [{ id: orgId, name: "Test Organization", slug: "test-1a2b3c4d", tier: "FREE" }],
      auth: {
        enabled: true,
        staticApiKey: {
          keys: [
            { key: "flovyn_sk_test_1", orgId, principalType: "User", principalId: "api:test", role: "ADMIN" },
            { key: "flovyn_wk_test_1", orgId, principalType: "Worker", principalId: "worker:test", role: undefined },
          ],
        },
        endpoints: {
          http: { authenticators: ["static_api_key"], authorizer: "cedar", excludePaths: [] },
          grpc: { authenticators: ["static_api_key"], authorizer: "cedar", excludePaths: [] },
        },
      },
    });
  });

  it("is complete and closed without a file", () => {
    expect(loadConfig({ env: {} })).toMatchObject({
      databaseUrl: undefined,
      serverPort: 8000,
      grpcServerPort: 9090,
      orgs: [],
      auth: {
        enabled: true,
        staticApiKey: { keys: [] },
        promiseToken: { secrets: [] },
        jwt: undefined,
        endpoints: { grpc: { authenticators: undefined } },
      },
    });
  });

  it("lets the gateway listen everywhere, and what shows health and metrics on this machine alone", () => {
    expect(loadConfig({ env: {} })).toMatchObject({ bindAddress: "::", opsBindAddress: "localhost" });
    const env = { BIND_ADDRESS: "10.0.0.1", OPS_BIND_ADDRESS: "::" };
    expect(loadConfig({ env })).toMatchObject({ bindAddress: "10.0.0.1", opsBindAddress: "::" });
  });

  it("lets a server without authentication listen on this machine alone", () => {
    const off = { AUTH__ENABLED: "false" };
    expect(loadConfig({ env: off })).toMatchObject({ bindAddress: "localhost", opsBindAddress: "localhost" });
    expect(loadConfig({ env: { ...off, BIND_ADDRESS: "::1", OPS_BIND_ADDRESS: "127.0.0.1" } })).toMatchObject({
      bindAddress: "::1",
    });
    for (const address of ["::", "0.0.0.0", "192.0.2.1", "flovyn.internal"]) {
      const env = { FLOVYN_SECURITY_ENABLED: "0", BIND_ADDRESS: address, OPS_BIND_ADDRESS: address };
      expect(problemsOf(() => loadConfig({ env }))).toEqual([
        "bind_address: must be a loopback address, such as localhost, while auth.enabled is false",
        "ops_bind_address: must be a loopback address, such as localhost, while auth.enabled is false",
      ]);
      expect(loadConfig({ env: { BIND_ADDRESS: address } }).bindAddress).toBe(address);
    }
  });

  it("lays the file over what a command starts from", () => {
    const defaults = { bind_address: "localhost", log: { level: "warn", pretty: true } };
    const configFile = file('[log]\nlevel = "debug"\n');
    expect(loadConfig({ env: {}, defaults, configFile })).toMatchObject({
      bindAddress: "localhost",
      log: { level: "debug", pretty: true },
    });
  });

  it("lets the environment win over the file, and command-line options over both, key by key", () => {
    const configFile = file(
      'server_port = 1\ngrpc_server_port = 2\n[nats]\nurl = "nats://file:4222"\nenabled = false\n',
    );
    const config = loadConfig({
      configFile,
      env: { GRPC_SERVER_PORT: "3", NATS__ENABLED: "1", CONFIG_FILE: "/is/not/read" },
      overrides: { nats: { url: "nats://option:4222" } },
    });
    expect(config).toMatchObject({
      serverPort: 1,
      grpcServerPort: 3,
      nats: { enabled: true, url: "nats://option:4222" },
    });
  });

  it("knows older names of variables; the current name wins in either order", () => {
    expect(loadConfig({ env: { NATS_URL: "nats://old:1", NATS_ENABLED: "false" } }).nats).toEqual({
      enabled: false,
      url: "nats://old:1",
      namespace: "",
      silenceMs: 1_500,
    });
    const both = { NATS_URL: "nats://old:1", NATS__URL: "nats://new:1" };
    for (const env of [both, Object.fromEntries(Object.entries(both).reverse())]) {
      expect(loadConfig({ env }).nats.url).toBe("nats://new:1");
    }
    expect(loadConfig({ env: { FLOVYN_SECURITY_ENABLED: "false" } }).auth.enabled).toBe(false);
  });

  it("takes lists from the environment as JSON", () => {
    const config = loadConfig({
      env: {
        FLOVYN_ORGS: `[{"id":"${orgId}","name":"Acme","slug":"acme"}]`,
        AUTH__STATIC_API_KEY__KEYS: `[{"key":"k","org_id":"${orgId}","principal_type":"User","principal_id":"u"}]`,
        AUTH__ENDPOINTS__HTTP__EXCLUDE_PATHS: '["/api/docs"]',
      },
    });
    expect(config.orgs).toEqual([{ id: orgId, name: "Acme", slug: "acme", tier: "FREE", quotas: {} }]);
    expect(config.auth.staticApiKey.keys).toHaveLength(1);
    expect(config.auth.endpoints.http.excludePaths).toEqual(["/api/docs"]);
  });

  it("takes the export of spans from the file, the environment, and the variable that all programs share", () => {
    const shared = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://shared:4318" };
    expect(loadConfig({ env: {} }).otel).toEqual({
      enabled: false,
      endpoint: "http://127.0.0.1:4318",
      headers: {},
      serviceName: "flovyn-server",
    });
    const configFile = file(
      '[otel]\nenabled = true\notlp_endpoint = "http://file:4318"\nservice_name = "orders"\n[otel.headers]\nx-key = "k"\n',
    );
    expect(loadConfig({ env: shared, configFile }).otel).toEqual({
      enabled: true,
      endpoint: "http://file:4318",
      headers: { "x-key": "k" },
      serviceName: "orders",
    });
    expect(loadConfig({ env: { ...shared, OTEL__ENABLED: "true" } }).otel).toMatchObject({
      enabled: true,
      endpoint: "http://shared:4318",
    });
    const env = {
      ...shared,
      OTEL__OTLP_ENDPOINT: "https://env:4318/base",
      OTEL__HEADERS: '{"authorization":"Bearer x"}',
    };
    expect(loadConfig({ env, configFile }).otel).toMatchObject({
      endpoint: "https://env:4318/base",
      headers: { authorization: "Bearer x" },
    });
  });

  it("refuses what spans cannot be sent to, and the shared variable only where it decides", () => {
    const shared = { OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4317" };
    expect(loadConfig({ env: shared }).otel.enabled).toBe(false);
    expect(
      loadConfig({ env: { ...shared, OTEL__ENABLED: "1", OTEL__ENDPOINT: "http://own:4318" } }).otel.endpoint,
    ).toBe("http://own:4318");
    const form = "must look like http://host:4318";
    expect(problemsOf(() => loadConfig({ env: { ...shared, OTEL__ENABLED: "1" } }))).toEqual([
      `OTEL_EXPORTER_OTLP_ENDPOINT: ${form}`,
    ]);
    const overrides = { otel: { endpoint: "collector:4317", headers: { a: "hunter2\n", "b c": "hunter2" } } };
    const problems = problemsOf(() => loadConfig({ env: {}, overrides }));
    expect(problems).toEqual([
      `otel.endpoint: ${form}`,
      "otel.headers.a: must be printable ASCII",
      "otel.headers.b c: must be the name of an HTTP header",
    ]);
  });

  it("takes the secrets of promise tokens from the file and the environment, in their order", () => {
    const secrets = [
      { id: "2026-11", secret: "n".repeat(32) },
      { id: "2026-10", secret: "ö".repeat(16) },
    ];
    const written = secrets.map(({ id, secret }) => `{ id = "${id}", secret = "${secret}" }`).join(", ");
    const configFile = file(`[auth.promise_token]\nsecrets = [${written}]\n`);
    expect(loadConfig({ env: {}, configFile }).auth.promiseToken.secrets).toEqual(secrets);
    const env = { AUTH__PROMISE_TOKEN__SECRETS: JSON.stringify(secrets.slice(1)) };
    expect(loadConfig({ env, configFile }).auth.promiseToken.secrets).toEqual(secrets.slice(1));
  });

  it("refuses short secrets of promise tokens, ids that a token cannot carry, and ids used twice", () => {
    const secrets = [
      { id: "a.b", secret: "hunter2-".repeat(4) },
      { id: "k", secret: "hunter2-".repeat(3) },
      { id: "k", secret: "hunter2-".repeat(5) },
    ];
    const name = "auth.promise_token.secrets";
    const problems = problemsOf(() => loadConfig({ env: {}, overrides: { auth: { promise_token: { secrets } } } }));
    expect(problems).toEqual([
      `${name}[0].id: must be 1 to 32 letters, digits, _ and -`,
      `${name}[1].secret: must have at least 32 bytes`,
      `${name}[2].id: k is the id of ${name}[1] too`,
    ]);
    const many = Array.from({ length: 11 }, (_, index) => ({ id: `k${index}`, secret: "hunter2-".repeat(4) }));
    expect(
      problemsOf(() => loadConfig({ env: {}, overrides: { auth: { promise_token: { secrets: many } } } })),
    ).toEqual([`${name}: must have at most 10 entries`]);
    const broken = problemsOf(() => loadConfig({ env: { AUTH__PROMISE_TOKEN__SECRETS: '[{"secret":"hunter2"' } }));
    expect(broken).toEqual([`${name}: must be a list`]);
  });

  it("ignores empty variables and those of other programs", () => {
    const env = { SERVER_PORT: "", NATS__URL: " ", KUBERNETES__PORT: "x", _: "y", GRPC__SERVER: "z", __PROTO__: "p" };
    expect(loadConfig({ env })).toEqual(loadConfig({ env: {} }));
  });

  it("lists every problem of one configuration, each by the full name of its key", () => {
    const configFile = file(`
database_url = "mysql://root:hunter2@db/flovyn"
server_port = "eighty"
grpc_server_port = 70000

[log]
level = "loud"

[[orgs]]
id = "${orgId}"
name = "One"
slug = "Not A Slug"

[[orgs]]
id = "${orgId}"
name = "Two"
slug = "two"

[[orgs]]
id = "${otherOrgId}"
name = "Three"
slug = "two"

[auth]
enabled = "maybe"

[auth.static_api_key]
keys = [
  { key = "hunter2", org_id = "${orgId}", principal_type = "User", principal_id = "u" },
  { key = "hunter2", org_id = "0190a3e0-0000-7000-8000-00000000000f", principal_type = "Robot", principal_id = "" },
]

[auth.endpoints.http]
authenticators = ["jwt", "static_api_key"]
authorizer = "anything"

[auth.endpoints.grpc]
authenticators = []
`);
    const problems = problemsOf(() => loadConfig({ env: {}, configFile }));
    const keys = "auth.static_api_key.keys";
    expect([...problems].sort()).toEqual(
      [
        "auth.enabled: must be true or false",
        "auth.endpoints.grpc.authenticators: must name at least one; auth.enabled = false turns authentication off",
        "auth.endpoints.http.authorizer: anything is not one of cedar",
        `${keys}[1].key: is the same as that of ${keys}[0]`,
        `${keys}[1].org_id: 0190a3e0-0000-7000-8000-00000000000f is not one of the configured orgs`,
        `${keys}[1].principal_id: must not be empty`,
        `${keys}[1].principal_type: must be one of User, Worker`,
        "database_url: must look like postgres://user:password@host:port/database",
        "grpc_server_port: must be at most 65535",
        "log.level: must be one of trace, debug, info, warn, error, fatal, silent",
        "orgs[0].slug: must be lower-case words joined by hyphens",
        `orgs[1].id: ${orgId} is the id of orgs[0] too`,
        "orgs[2].slug: two is the slug of orgs[1] too",
        "server_port: must be a number",
      ].sort(),
    );
    expect(problems.join("\n")).not.toContain("hunter2");
  });

  it.each([
    ["a key that is a number", "[auth.static_api_key]\nkeys = [{ key = 31337 }]", "31337"],
    ["text that is not TOML", 'key = "hunter2', "hunter2"],
    ["a broken line", "[auth.static_api_key]\nkeys = [hunter2]", "hunter2"],
  ])("does not repeat a secret in %s", (_what, text, secret) => {
    const problems = problemsOf(() => loadConfig({ env: {}, configFile: file(text) }));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).not.toContain(secret);
  });

  it("does not repeat a secret of the environment that is not the list it should be", () => {
    const env = { AUTH__STATIC_API_KEY__KEYS: '[{"key":"hunter2"' };
    const problems = problemsOf(() => loadConfig({ env }));
    expect(problems).toEqual(["auth.static_api_key.keys: must be a list"]);
  });

  it("names a file that cannot be read", () => {
    const missing = join(folder, "missing.toml");
    expect(problemsOf(() => loadConfig({ env: { CONFIG_FILE: missing } }))).toEqual([
      `CONFIG_FILE: the file ${missing} cannot be read`,
    ]);
    expect(problemsOf(() => loadConfig({ env: { CONFIG_FILE: "/other" }, configFile: missing }))).toEqual([
      `--config: the file ${missing} cannot be read`,
    ]);
  });

  it("refuses ports that are not written as numbers", () => {
    for (const port of ["0x50", "8e3", "80 80", "-1", "65536", "1.5", "1_000"]) {
      expect(
        problemsOf(() => loadConfig({ env: { SERVER_PORT: port } })),
        port,
      ).toHaveLength(1);
    }
    expect(loadConfig({ env: { SERVER_PORT: "0" } }).serverPort).toBe(0);
  });

  it("answers any tree with an object or a ConfigError, nothing else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (orgs, auth, nats) => {
        problemsOf(() => loadConfig({ env: {}, overrides: { orgs, auth, nats } }));
        problemsOf(() =>
          loadConfig({ env: {}, overrides: { auth: { static_api_key: { keys: orgs }, endpoints: auth } } }),
        );
      }),
    );
  });
});
