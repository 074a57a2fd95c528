/** Goal: what the doors do for callers that ask for too much, send too slowly, or are web pages of somebody else. */
import { connect } from "node:net";
import { metricsPaths, probePaths } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { ConnectionLimit } from "../src/connections/connection-limit.js";
import { HttpServer } from "../src/http/http-server.js";
import { callAnyShape, callRaw, GatewayHarness, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { silentLog } from "./silent-log.js";
import { testBudgets } from "./test-budgets.js";

let harness: GatewayHarness | undefined;

afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

async function start(config: Record<string, unknown> = {}): Promise<GatewayHarness> {
  harness = await GatewayHarness.start(testConfig(config));
  answerOrgs(harness.services);
  return harness;
}

const rpc = { path: "/flovyn.v1.WorkflowQuery/QueryWorkflow", requestStream: false, responseStream: false };

/** Writes text on a socket and returns what comes until it is closed. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(text));
    socket.on("data", (data) => {
      received += data.toString();
    });
    socket.on("error", () => resolve(received));
    socket.on("close", () => resolve(received));
  });
}

describe("rate limits", () => {
  it("answer 429 and RESOURCE_EXHAUSTED, with the time to wait", async () => {
    const doors = await start({ limits: { principal_requests_per_second: 1, principal_burst: 2 } });
    doors.services.answer("flovyn.v1.WorkflowQuery/QueryWorkflow", new Uint8Array(0));
    const client = doors.client();
    // More at once than the rate lets through for as long as they may take.
    const ends = await Promise.all(Array.from({ length: 60 }, () => callAnyShape(client, rpc, { key: userKey })));
    const refused = ends.flatMap(({ error }) => (error === undefined ? [] : [error]));
    expect(ends.length - refused.length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
    for (const { code, metadata } of refused) {
      expect(code).toBe(status.RESOURCE_EXHAUSTED);
      expect(metadata.get("flovyn-error-reason")).toEqual(["RATE_LIMIT"]);
      expect(Number(metadata.get("grpc-retry-pushback-ms")[0])).toBeGreaterThan(0);
    }
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => doors.fetch(`/api/orgs/${org.slug}/workflow-executions`)),
    );
    const limited = answers.filter((answer) => answer.status === 429);
    expect(limited[0]?.headers.get("retry-after")).toBe("1");
    expect(await limited[0]?.json()).toMatchObject({ code: "LimitExceeded", reason: "RATE_LIMIT", retryable: true });
    const figures = await doors.figures();
    const count = /flovyn_gateway_limited_total\{[^}]*by="principal"[^}]*\} (\d+)/.exec(figures)?.[1];
    expect(Number(count)).toBe(refused.length + limited.length);
  });

  it("do not count probes", async () => {
    const doors = await start({ limits: { principal_requests_per_second: 1, principal_burst: 1 } });
    for (let n = 0; n < 20; n++) expect((await doors.fetch("/_/health")).status).toBe(200);
  });
});

describe("figures", () => {
  // Among them what opened these to every caller before.
  it.each([[[]], [["/_/health*", "/_/metrics", "/metrics"]], [["*"]]])(
    "are for operators alone, whatever paths need no key: %j",
    async (exclude_paths) => {
      const keys = [
        { key: userKey, org_id: org.id, principal_type: "User", principal_id: "u", role: "OWNER" },
        { key: "operator", principal_type: "User", principal_id: "o", role: "OPERATOR" },
      ];
      const server = await start({ auth: { static_api_key: { keys }, endpoints: { http: { exclude_paths } } } });
      for (const path of metricsPaths) {
        const answers = ["", userKey, "operator"].map(async (key) => (await server.fetch(path, { key })).status);
        expect([path, await Promise.all(answers)]).toEqual([path, [401, 403, 200]]);
      }
      const scraped = await server.fetch("/metrics", { key: "operator" });
      expect(scraped.headers.get("content-type")).toContain("text/plain");
      expect(await scraped.text()).toContain('flovyn_gateway_work_lines{service="gateway"}');
    },
  );

  it("are refused when authentication is off", async () => {
    const server = await start({ orgs: [org], auth: { enabled: false } });
    for (const path of metricsPaths) expect((await server.fetch(path, { key: "" })).status).toBe(403);
  });
});

describe("probes", () => {
  const ready = [...probePaths.ready];
  const probe = async (server: GatewayHarness, path: string) => {
    const answer = await server.fetch(path, { key: "" });
    return [path, answer.status, await answer.text()];
  };
  const up = (path: string) => [path, 200, '{"status":"UP"}'];
  const down = (path: string) => [path, 503, '{"status":"DOWN"}'];

  it("are answered without a key by yes or no, without a version or what failed", async () => {
    const server = await start();
    server.health.add("database", async () => undefined);
    for (const path of Object.values(probePaths).flat()) expect(await probe(server, path)).toEqual(up(path));
    server.health.add("database", async () => "postgres://db.internal does not answer");
    for (const path of ready) expect(await probe(server, path)).toEqual(down(path));
    for (const path of [...probePaths.live, ...probePaths.started]) expect(await probe(server, path)).toEqual(up(path));
    server.health.markStopping();
    for (const path of ready) expect(await probe(server, path)).toEqual(down(path));
  });
});

describe("headers", () => {
  it("of every answer keep browsers from guessing, framing and caching", async () => {
    const doors = await start();
    for (const path of ["/api/orgs", "/nowhere", `/api/orgs/${org.slug}/workflow-executions/x`]) {
      const { headers } = await doors.fetch(path);
      expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
      expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("strict-transport-security")).toBeNull();
      for (const name of ["server", "x-powered-by", "access-control-allow-origin"])
        expect(headers.get(name)).toBeNull();
    }
    // What a route says itself stays.
    const page = await doors.fetch("/api/docs");
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(page.headers.get("cache-control")).toBe("no-cache");
  });

  it("of a request that are too long are refused, at both doors", async () => {
    const doors = await start();
    const long = "x".repeat(20_000);
    const answer = await raw(doors.gateway.ports.http, `GET /_/health HTTP/1.1\r\nHost: a\r\nX-Long: ${long}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    const metadata = { "x-long": "x".repeat(100_000) };
    const { error } = await callAnyShape(doors.client(), rpc, { key: userKey, metadata, deadlineMs: 5000 });
    expect(error).toBeDefined();
    expect(error?.code).not.toBe(status.OK);
    doors.services.answer("flovyn.v1.WorkflowQuery/QueryWorkflow", new Uint8Array(0));
    expect(
      (await callRaw(doors.client(), rpc.path.slice(1), new Uint8Array(0), { key: userKey })).error,
    ).toBeUndefined();
  });
});

describe("pages of other origins", () => {
  const app = "https://app.example.com";
  const preflight = (doors: GatewayHarness, origin: string) =>
    doors.fetch(`/api/orgs/${org.slug}/workflow-executions`, {
      method: "OPTIONS",
      key: "",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
    });

  it("may call when they are configured, and no others", async () => {
    const doors = await start({ cors: { origins: [app] } });
    const allowed = await preflight(doors, app);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-origin")).toBe(app);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(allowed.headers.get("access-control-allow-credentials")).toBeNull();
    const call = await doors.fetch("/api/orgs", { headers: { origin: app } });
    expect(call.headers.get("access-control-allow-origin")).toBe(app);
    for (const origin of ["https://evil.example.com", "null", `${app}.evil.com`]) {
      expect((await preflight(doors, origin)).headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  it("may not where none is configured", async () => {
    const answer = await preflight(await start(), app);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
  });

  it.each(["*", "https://app.example.com/", "app.example.com"])("are not configured as %s", (origin) => {
    expect(() => testConfig({ cors: { origins: [origin] } })).toThrow(/cors\.origins\[0\]: must be an origin/);
  });
});

describe("connections", () => {
  const times = { headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 50, keepAliveTimeout: 200 };
  const answer = () => new Response("hello");

  async function server(
    connectionsMax = 100,
    given: Partial<typeof times> = times,
  ): Promise<{ port: number; stop: () => Promise<void> }> {
    const connections = new ConnectionLimit(
      testBudgets({ connections: { address: 0, process: connectionsMax } }).connections,
    );
    const http = new HttpServer({ fetch: answer, connections, log: silentLog, times: given });
    const port = await http.start({ address: "127.0.0.1", port: 0 });
    return { port, stop: () => http.stop() };
  }

  it.each([
    ["a head", "GET / HTTP/1.1\r\nHost: a\r\nX: "],
    ["a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab"],
    ["nothing", ""],
  ])("that send %s and then no more are closed", async (_name, text) => {
    const { port, stop } = await server();
    const received = await raw(port, text);
    expect(received === "" || /^HTTP\/1\.1 (408|200) /.test(received)).toBe(true);
    await stop();
  });

  it("that are idle after an answer are closed", async () => {
    const { port, stop } = await server(100, { keepAliveTimeout: times.keepAliveTimeout });
    expect(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 /);
    await stop();
  });

  it.each(["grpc", "http"] as const)("from one address are limited at the %s door", async (door) => {
    const { gateway, metrics } = await start({ limits: { budgets: { connections: { address: 1 } } } });
    const port = gateway.ports[door];
    const first = connect({ host: "127.0.0.1", port });
    await new Promise((resolve) => first.once("connect", resolve));
    expect(await raw(port, "")).toBe("");
    first.destroy();
    const refused = `flovyn_gateway_budget_refused_total{budget="connections",scope="address"`;
    await waitFor("it to be counted", async () => (await metrics.registry.metrics()).includes(refused));
  });

  it("beyond the limit are refused", async () => {
    const { port, stop } = await server(1, {});
    const first = connect({ host: "127.0.0.1", port });
    await new Promise((resolve) => first.once("connect", resolve));
    expect(await raw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("");
    first.destroy();
    await stop();
  });
});
