// Goal: no route below an org answers anybody but callers of that org. Walks the OpenAPI document, which lists every
// mounted route, so that a route that is added later is covered too.
import type { HttpProblem } from "@flovyn/runtime";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes as grpcRoutes } from "../src/grpc/routes.js";
import { callAnyShape, GatewayHarness, otherKey, testConfig, userKey, workerKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath, type DescribedRoute, describedRoutes } from "./openapi-routes.js";

let harness: GatewayHarness;
let routes: DescribedRoute[];

beforeAll(async () => {
  harness = await GatewayHarness.start();
  answerOrgs(harness.services);
  routes = (await describedRoutes(harness)).filter(({ path }) => path.includes("{slug}"));
});

afterAll(() => harness.stop());

const asked = () =>
  harness.services.requests.filter(
    ({ operation }) => !["internal/ResolveOrg", "internal/RecordAudit"].includes(operation),
  );

describe("every route below an org", () => {
  it("is found, under both names", () => {
    const names = (prefix: string) =>
      routes
        .filter(({ path }) => path.startsWith(prefix))
        .map(({ method, path }) => `${method} ${path.slice(prefix.length)}`);
    expect(names("/api/orgs/{slug}").length).toBeGreaterThan(15);
    expect(names("/api/tenants/{slug}")).toEqual(names("/api/orgs/{slug}"));
  });

  it("pitfall 39: refuses callers without a valid key before it asks any service", async () => {
    for (const { method, path } of routes) {
      for (const headers of [
        {},
        { authorization: "Bearer wrong" },
        { authorization: "" },
        { "flovyn-promise-token": "fpt_k.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
      ]) {
        const response = await harness.fetch(concretePath(path), { method, key: "", headers });
        expect([method, path, headers, response.status]).toEqual([method, path, headers, 401]);
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        expect(response.headers.get("www-authenticate")).toBe("Bearer");
      }
    }
    expect(asked()).toEqual([]);
  });

  it("tells callers of another org that there is no such org", async () => {
    for (const { method, path } of routes) {
      const response = await harness.fetch(concretePath(path), { method, key: otherKey });
      const problem = (await response.json()) as HttpProblem;
      expect([method, path, problem.status, problem.field]).toEqual([method, path, 404, "slug"]);
    }
    expect(asked()).toEqual([]);
  });
});

describe("pitfall 39: authenticators that are unknown or cannot be made", () => {
  it.each([
    ["http", ["static_api_key", "session"]],
    ["grpc", ["static_api_keys"]],
    ["http", ["jwt", "static_api_key"]],
  ])("at the %s door (%j) close both doors, and the process is not ready", async (door, authenticators) => {
    const auth = testConfig().auth;
    const config = {
      ...testConfig(),
      auth: { ...auth, endpoints: { ...auth.endpoints, [door]: closed(authenticators) } },
    };
    const misconfigured = await GatewayHarness.start(config);
    try {
      for (const { method, path } of routes) {
        const response = await misconfigured.fetch(concretePath(path), { method, key: userKey });
        expect([method, path, response.status]).toEqual([method, path, 401]);
      }
      const client = misconfigured.client();
      for (const { path, shape } of grpcRoutes) {
        const rpc = {
          path: `/${path}`,
          requestStream: shape === "client-stream" || shape === "bidi",
          responseStream: shape === "server-stream",
        };
        const end = await callAnyShape(client, rpc, { key: workerKey });
        expect([path, end.error?.code]).toEqual([path, status.UNAUTHENTICATED]);
      }
      const others = misconfigured.services.requests.filter(({ operation }) => operation !== "internal/RecordAudit");
      expect(others).toEqual([]);
      const ready = await misconfigured.fetch("/_/health/ready");
      expect(ready.status).toBe(503);
      expect(await misconfigured.health.run()).toContainEqual(
        expect.objectContaining({ ok: false, reason: expect.stringContaining("authentication is misconfigured") }),
      );
    } finally {
      await misconfigured.stop();
    }
  });
});

function closed(authenticators: string[]) {
  return { authenticators, authorizer: "cedar", excludePaths: [] };
}
