/**
 * Goal: at both doors every kind of principal gets exactly what policies say, in the own org and in another.
 * Approach: walk the tables of RPCs and routes, so that what is added later is covered too. What is allowed ends as it does
 * for whoever may do everything; what is denied ends with one code, and no service is asked.
 */
import { type ActionName, Authorizer, actionNames, type Principal } from "@flovyn/authz";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes as grpcRoutes } from "../src/grpc/routes.js";
import type { RouteAccess } from "../src/http/route-table.js";
import { callAnyShape, GatewayHarness, org, otherOrg, testConfig } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath } from "./openapi-routes.js";

const roles = ["OWNER", "ADMIN", "MEMBER", "VIEWER", "BOSS"] as const;
const keyOf = (name: string) => `flovyn_test_key_of_${name.toLowerCase()}`;
const key = (name: string, more: Record<string, unknown>) => ({ key: keyOf(name), principal_id: name, ...more });
const keys = [
  ...roles.map((role) => key(role, { org_id: org.id, principal_type: "User", role })),
  key("WORKER", { org_id: org.id, principal_type: "Worker" }),
  key("OPERATOR", { principal_type: "User", role: "OPERATOR" }),
];
const principals: Readonly<Record<string, Principal>> = Object.fromEntries([
  ...roles.map((role) => [role, { orgId: org.id, principalType: "User", principalId: role, role }]),
  ["WORKER", { orgId: org.id, principalType: "Worker", principalId: "WORKER" }],
  ["OPERATOR", { orgId: "", principalType: "User", principalId: "OPERATOR", role: "OPERATOR" }],
]);
const rpcs = [...publishedRpcs, ...extensionRpcs];
const authorizer = new Authorizer();

let harness: GatewayHarness;
let httpRoutes: readonly RouteAccess[];

beforeAll(async () => {
  harness = await GatewayHarness.start(testConfig({ auth: { enabled: true, static_api_key: { keys } } }));
  answerOrgs(harness.services);
  harness.services.answer("internal/ListOrgs", new Uint8Array(0));
  httpRoutes = harness.gateway.httpRoutes;
});

afterAll(() => harness.stop());

const actionOf = (operation: string): ActionName =>
  grpcRoutes.find(({ path }) => path === operation)?.action ?? expect.fail(`${operation} has no action`);

describe("every action", () => {
  it("is that of an RPC or a route, and every RPC and route has one", () => {
    // Server reflection, and the description of the interface where it needs a key, are viewApi.
    const used = new Set<string>([
      "viewApi",
      ...rpcs.map(({ operation }) => actionOf(operation)),
      ...httpRoutes.map(({ action }) => action),
    ]);
    for (const { method, path, action } of httpRoutes) expect([method, path, action]).not.toContain(undefined);
    expect(actionNames.filter((action) => !used.has(action))).toEqual([]);
    const open = httpRoutes.filter(({ action }) => action === "public").map(({ path }) => path);
    expect(open.filter((path) => !path.startsWith("/_/") && !path.startsWith("/api/docs")).sort()).toEqual([
      "/live",
      "/metrics",
      "/ready",
    ]);
  });
});

describe("over gRPC", () => {
  it.each(rpcs.map((rpc) => [rpc.operation, rpc] as const))("%s", async (operation, rpc) => {
    const end = async (name: string) =>
      (await callAnyShape(harness.client(), rpc, { key: keyOf(name), deadlineMs: 500 })).error?.code ?? status.OK;
    const usual = await end("OWNER");
    expect([status.UNAUTHENTICATED, status.PERMISSION_DENIED]).not.toContain(usual);
    for (const [name, principal] of Object.entries(principals)) {
      const before = harness.services.of(operation).length;
      const { allowed } = authorizer.authorize(principal, actionOf(operation), { orgId: principal.orgId });
      expect([name, status[await end(name)]]).toEqual([name, status[allowed ? usual : status.PERMISSION_DENIED]]);
      if (!allowed) expect(harness.services.of(operation).length).toBe(before);
    }
  });
});

describe("over HTTP", () => {
  const send = async (method: string, path: string, name: string) =>
    (await harness.fetch(path, { method, key: keyOf(name), headers: { accept: "application/json" } })).status;

  it("in the own org", async () => {
    for (const { method, path, action } of httpRoutes.filter(({ action }) => action !== "public")) {
      const concrete = concretePath(path);
      let usual: number | undefined;
      for (const [name, principal] of Object.entries(principals)) {
        const { allowed } = authorizer.authorize(principal, action as ActionName, { orgId: org.id });
        const got = await send(method, concrete, name);
        const at = `${method} ${path} ${name}`;
        if (!allowed) expect([at, got]).toEqual([at, 403]);
        else {
          expect([401, 403], at).not.toContain(got);
          usual ??= got;
          expect([at, got]).toEqual([at, usual]);
        }
      }
      expect(usual, path).toBeDefined();
    }
  });

  it("in another org, which looks like one that is missing", async () => {
    const inOrg = httpRoutes.filter(({ path }) => path.includes("{slug}"));
    for (const { method, path, action } of inOrg) {
      for (const [name, principal] of Object.entries(principals)) {
        const got = await send(method, concretePath(path, otherOrg.slug), name);
        const missing = await send(method, concretePath(path, "nobody"), name);
        const at = `${method} ${path} ${name}`;
        if (principal.orgId !== "") expect([at, got, missing]).toEqual([at, 404, 404]);
        else {
          const { allowed } = authorizer.authorize(principal, action as ActionName, { orgId: otherOrg.id });
          if (allowed) expect([401, 403], at).not.toContain(got);
          else expect([at, got]).toEqual([at, 403]);
        }
      }
    }
  });
});
