/**
 * Goal: a gateway without authentication serves this machine, and no page that a browser on it happens to show.
 * Approach: walk every route with hosts and origins that only such a page would send.
 */
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GatewayHarness, org, testConfig } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath } from "./openapi-routes.js";

const app = "https://app.example.com";
let harness: GatewayHarness;

beforeAll(async () => {
  const auth = { enabled: false, allowed_hosts: ["Flovyn.internal"] };
  harness = await GatewayHarness.start(testConfig({ orgs: [org], auth, cors: { origins: [app] } }));
  answerOrgs(harness.services);
});

afterAll(() => harness.stop());

interface Answer {
  status: number | undefined;
  type: string | undefined;
  text: string;
}

/** By hand, since fetch sets host and origin itself. */
function send(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = { host: "127.0.0.1", port: harness.gateway.ports.http, method, path, headers, agent: false };
    let isAnswered = false;
    const sent = request(target, (answer) => {
      isAnswered = true;
      let text = "";
      answer.on("data", (data) => {
        text += String(data);
        // Streams do not end.
        if (answer.headers["content-type"] === "text/event-stream") sent.destroy();
      });
      answer.on("close", () => resolve({ status: answer.statusCode, type: answer.headers["content-type"], text }));
    });
    sent.on("error", (error) => (isAnswered ? undefined : reject(error)));
    sent.end();
  });
}

const own = () => `localhost:${harness.gateway.ports.http}`;
const routes = () => harness.gateway.httpRoutes.map(({ method, path }) => ({ method, path: concretePath(path) }));

async function refusedEverywhere(headers: Record<string, string>, reason: string): Promise<void> {
  const before = harness.services.requests.length;
  for (const { method, path } of routes()) {
    const { status, type, text } = await send(method, path, headers);
    expect([method, path, status, type]).toEqual([method, path, 403, "application/problem+json"]);
    expect(JSON.parse(text)).toMatchObject({ reason });
  }
  const asked = harness.services.requests.slice(before).map(({ operation }) => operation);
  expect(asked.filter((operation) => operation !== "internal/RecordAudit")).toEqual([]);
}

describe("every route of a gateway without authentication", () => {
  it.each(["evil.example", "evil.example:8000", "localhost.evil.example", "192.0.2.1", "169.254.169.254", "[::2]:1"])(
    "refuses a request for the host %s",
    (host) => refusedEverywhere({ host }, "FOREIGN_HOST"),
  );

  it.each([
    "null",
    "https://evil.example",
    "http://localhost",
    "http://localhost:1",
    "http://localhost.evil.example",
    "file://",
  ])("refuses a request of a page of %s", (origin) => refusedEverywhere({ host: own(), origin }, "FOREIGN_ORIGIN"));

  it("takes none of a page of this server under a foreign name", () =>
    refusedEverywhere({ host: "evil.example:80", origin: "http://evil.example" }, "FOREIGN_HOST"));
});

describe("a gateway without authentication", () => {
  const path = "/api/orgs";

  it.each([
    "localhost",
    "127.0.0.1",
    "[::1]",
    "LOCALHOST:9",
    "app.localhost:1",
    "flovyn.internal",
    "FLOVYN.internal:80",
  ])("answers a request for the host %s", async (host) => {
    expect((await send("GET", "/live", { host })).status).toBe(200);
    expect((await send("GET", path, { host })).status).not.toBe(403);
  });

  it("answers pages of its own and of configured origins", async () => {
    for (const origin of [`http://${own()}`, `https://${own()}`, app]) {
      expect([origin, (await send("GET", "/live", { host: own(), origin })).status]).toEqual([origin, 200]);
    }
    const named = { host: "flovyn.internal", origin: "https://flovyn.internal" };
    expect((await send("GET", "/live", named)).status).toBe(200);
  });

  it("does not start on an address that other machines reach", () => {
    for (const bind_address of ["::", "0.0.0.0", "192.0.2.1"]) {
      expect(() => testConfig({ orgs: [org], auth: { enabled: false }, bind_address })).toThrow(
        "bind_address: must be a loopback address, such as localhost, while auth.enabled is false",
      );
    }
  });
});

describe("a gateway with authentication", () => {
  it("goes by the credential, whatever the host and the origin", async () => {
    const secured = await GatewayHarness.start();
    try {
      const headers = { host: "flovyn.example.com", origin: "https://other.example.com" };
      const target = { host: "127.0.0.1", port: secured.gateway.ports.http, path: "/live", headers, agent: false };
      const status = await new Promise((resolve, reject) => {
        request(target, (answer) => resolve(answer.resume().statusCode))
          .on("error", reject)
          .end();
      });
      expect(status).toBe(200);
    } finally {
      await secured.stop();
    }
  });

  it.each(["a b", "http://a", "a:80", ""])("is not configured with the host %s", (host) => {
    expect(() => testConfig({ auth: { allowed_hosts: [host] } })).toThrow("auth.allowed_hosts[0]: must be a name");
  });
});
