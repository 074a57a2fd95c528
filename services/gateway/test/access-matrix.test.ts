/**
 * Goal: at both doors every kind of principal gets exactly what policies say, in the own org and in another.
 * Approach: walk the tables of RPCs and routes, so that what is added later is covered too. What is allowed ends as it does
 * for whoever may do everything; what is denied ends with one code, and no service is asked.
 */
import { type ActionName, Authorizer, actionNames, type Principal } from "@flovyn/authz";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandActions } from "../src/grpc/authorize-commands.js";
import { routes as grpcRoutes } from "../src/grpc/routes.js";
import type { RouteAccess } from "../src/http/route-table.js";
import { callAnyShape, GatewayHarness, org, otherOrg } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { type Identity, MatrixPrincipals } from "./matrix-principals.js";
import { concretePath } from "./openapi-routes.js";

const rpcs = [...publishedRpcs, ...extensionRpcs];
const authorizer = new Authorizer();

const principals = new MatrixPrincipals();
const { identities } = principals;
let harness: GatewayHarness;
let httpRoutes: readonly RouteAccess[];

beforeAll(async () => {
  harness = await GatewayHarness.start(await principals.start());
  answerOrgs(harness.services);
  principals.answer(harness.services);
  harness.services.answer("internal/ListOrgs", new Uint8Array(0));
  httpRoutes = harness.gateway.httpRoutes;
});

afterAll(async () => {
  await harness.stop();
  await principals.stop();
});

const actionOf = (operation: string): ActionName =>
  grpcRoutes.find(({ path }) => path === operation)?.action ?? expect.fail(`${operation} has no action`);

describe("every action", () => {
  it("is that of an RPC, a command or a route, and every RPC and route has one", () => {
    // Server reflection, and what needs a key only where the configuration says so.
    const used = new Set<string>([
      ...["viewApi", "viewMetrics"],
      ...commandActions,
      ...rpcs.map(({ operation }) => actionOf(operation)),
      ...httpRoutes.map(({ action }) => action),
    ]);
    for (const { method, path, action } of httpRoutes) expect([method, path, action]).not.toContain(undefined);
    expect(actionNames.filter((action) => !used.has(action))).toEqual([]);
    const open = httpRoutes.filter(({ action }) => action === "public").map(({ path }) => path);
    expect(open.filter((path) => !path.startsWith("/_/") && !path.startsWith("/api/docs")).sort()).toEqual([
      "/",
      "/live",
      "/ready",
    ]);
  });
});

/** Who a credential makes its bearer at this door. */
const principalAt = (door: "grpc" | "http", { doors, principal }: Identity): Principal | undefined =>
  doors.includes(door) ? principal : undefined;

const owner = () => identities.get("OWNER") ?? expect.fail();

describe("over gRPC", () => {
  it.each(rpcs.map((rpc) => [rpc.operation, rpc] as const))("%s", async (operation, rpc) => {
    const end = async ({ credential }: Identity) =>
      (await callAnyShape(harness.client(), rpc, { key: credential })).error?.code ?? status.OK;
    const usual = await end(owner());
    expect([status.UNAUTHENTICATED, status.PERMISSION_DENIED]).not.toContain(usual);
    for (const [name, identity] of identities) {
      const before = harness.services.of(operation).length;
      const principal = principalAt("grpc", identity);
      const allowed =
        principal && authorizer.authorize(principal, actionOf(operation), { orgId: principal.orgId }).allowed;
      const refusal = principal === undefined ? status.UNAUTHENTICATED : status.PERMISSION_DENIED;
      expect([name, status[await end(identity)]]).toEqual([name, status[allowed ? usual : refusal]]);
      if (!allowed) expect(harness.services.of(operation).length).toBe(before);
    }
  });
});

describe("over HTTP", () => {
  const send = async (method: string, path: string, { credential }: Identity) =>
    (await harness.fetch(path, { method, key: credential, headers: { accept: "application/json" } })).status;

  it("in the own org", async () => {
    for (const { method, path, action } of httpRoutes.filter(({ action }) => action !== "public")) {
      const concrete = concretePath(path);
      let usual: number | undefined;
      for (const [name, identity] of identities) {
        const principal = principalAt("http", identity);
        const allowed = principal && authorizer.authorize(principal, action as ActionName, { orgId: org.id }).allowed;
        const got = await send(method, concrete, identity);
        const at = `${method} ${path} ${name}`;
        if (!allowed) expect([at, got]).toEqual([at, principal === undefined ? 401 : 403]);
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
      for (const [name, identity] of identities) {
        const got = await send(method, concretePath(path, otherOrg.slug), identity);
        const missing = await send(method, concretePath(path, "nobody"), identity);
        const at = `${method} ${path} ${name}`;
        const principal = principalAt("http", identity);
        if (principal === undefined) expect([at, got, missing]).toEqual([at, 401, 401]);
        else if (principal.orgId !== "") expect([at, got, missing]).toEqual([at, 404, 404]);
        else {
          const { allowed } = authorizer.authorize(principal, action as ActionName, { orgId: otherOrg.id });
          if (allowed) expect([401, 403], at).not.toContain(got);
          else expect([at, got]).toEqual([at, 403]);
        }
      }
    }
  });
});
