// Goal: an entry says who and what in one way, whatever a caller wrote, and to the readers of each log what is theirs.
// Approach: every RPC and route that names a resource, with each spelling of its id; every route below an org, from another.
import { actions } from "@flovyn/authz";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import { type AuditEntry, ListAuditRequest, ListAuditResponse, RecordAuditRequest } from "@flovyn/proto/internal";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { routes as grpcRoutes } from "../src/grpc/routes.js";
import { callRaw, GatewayHarness, org, otherOrg, testConfig } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { concretePath } from "./openapi-routes.js";

const id = "0190a5c0-0000-7000-8000-00000000000a";
const spellings: Readonly<Record<string, string>> = {
  bare: id,
  upper: id.toUpperCase(),
  tagged: `{fp:3}:${id}`,
  "tagged-upper": `{fp:3}:${id.toUpperCase()}`,
  prefixed: `id:${id}`,
  "prefixed-upper": `id:${id.toUpperCase()}`,
};
const operatorKey = "flovyn_operator_test_1";
const strangerKey = "flovyn_stranger_test_1";
/** A key for each spelling: of one principal only ten refusals of an action are recorded one by one. */
const keyOf = (spelling: string, transport: string) => `flovyn_test_${transport}_${spelling}`;

let harness: GatewayHarness;

beforeAll(async () => {
  const user = (key: string, more: Record<string, unknown>) => ({
    ...{ key, principal_type: "User", principal_id: key, org_id: org.id, role: "NOTHING" },
    ...more,
  });
  const keys = [
    ...Object.keys(spellings).flatMap((name) => ["http", "grpc"].map((transport) => user(keyOf(name, transport), {}))),
    user("flovyn_owner_test_1", { role: "OWNER" }),
    user(strangerKey, { org_id: otherOrg.id, role: "OWNER", principal_id: "alice@other.test" }),
    user(operatorKey, { org_id: undefined, role: "OPERATOR", principal_id: "operator:root" }),
  ];
  harness = await GatewayHarness.start(testConfig({ auth: { enabled: true, static_api_key: { keys } } }));
  answerOrgs(harness.services);
  harness.services.answer("internal/RecordAudit", new Uint8Array(0));
  harness.services.answer("internal/ListAudit", ListAuditResponse.encode({ entries: [], nextCursor: "" }).finish());
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
});

async function recorded(count: number): Promise<AuditEntry[]> {
  const entries = () =>
    harness.services.of("internal/RecordAudit").flatMap(({ payload }) => RecordAuditRequest.decode(payload).entries);
  await waitFor("the entries to be stored", () => entries().length >= count);
  return entries();
}

describe("the id of a resource has one form", () => {
  it.each(Object.entries(spellings))("over HTTP, where it is written as %s", async (name, text) => {
    const routes = harness.gateway.httpRoutes.filter(({ path }) => /\{(id|promise)\}/.test(path));
    expect(routes.length).toBeGreaterThan(20);
    for (const { method, path } of routes) {
      const concrete = path.replace("{slug}", "acme").replace(/\{(id|promise)\}/, encodeURIComponent(text));
      await harness.fetch(concrete, { method, key: keyOf(name, "http") });
    }
    const entries = await recorded(routes.length);
    expect(new Set(entries.map(({ resourceId }) => resourceId))).toEqual(new Set([id]));
  });

  it.each(Object.entries(spellings))("over gRPC, where it is written as %s", async (name, text) => {
    const members = ["workflowExecutionId", "taskExecutionId", "agentExecutionId", "promiseId", "workerId"];
    const named = new Map([...publishedRpcs, ...extensionRpcs].map((rpc) => [rpc.operation, rpc]));
    let calls = 0;
    for (const { path, action, shape } of grpcRoutes.filter(({ handling }) => handling.type !== "later")) {
      const { requestType } = named.get(path) ?? expect.fail(path);
      const message = requestType.decode(new Uint8Array(0)) as Record<string, unknown>;
      const member = members.find((one) => one.startsWith(decapitalised(actions[action].resource)) && one in message);
      if (member === undefined || shape !== "unary") continue;
      const request = requestType.encode({ ...message, [member]: text } as never).finish();
      await callRaw(harness.client(), path, request, { key: keyOf(name, "grpc") });
      calls += 1;
    }
    expect(calls).toBeGreaterThan(10);
    expect(new Set((await recorded(calls)).map(({ resourceId }) => resourceId))).toEqual(new Set([id]));
  });

  it.each(Object.entries(spellings))("and is looked for as %s", async (_name, text) => {
    await harness.fetch(`/api/orgs/acme/audit?resource=${encodeURIComponent(text)}`, { key: "flovyn_owner_test_1" });
    const [asked] = harness.services.of("internal/ListAudit");
    expect(ListAuditRequest.decode(asked?.payload ?? expect.fail()).resourceId).toBe(id);
  });

  it("and a key of a promise stays what it is", async () => {
    const path = `/api/orgs/acme/promises/${encodeURIComponent(`key:${id.toUpperCase()}`)}`;
    await harness.fetch(path, { key: keyOf("bare", "http") });
    await harness.fetch(`/api/orgs/acme/audit?resource=key:A`, { key: "flovyn_owner_test_1" });
    expect((await recorded(1)).map(({ resourceId }) => resourceId)).toEqual([`key:${id.toUpperCase()}`]);
    const [asked] = harness.services.of("internal/ListAudit");
    expect(ListAuditRequest.decode(asked?.payload ?? expect.fail()).resourceId).toBe("key:A");
  });
});

const decapitalised = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

describe("who called", () => {
  it("is in the log of a foreign org a principal of another one, without its id and role, at every route", async () => {
    const routes = harness.gateway.httpRoutes.filter(({ path }) => path.includes("{slug}"));
    const requestIds = new Set<string>();
    for (const { method, path } of routes) {
      const answer = await harness.fetch(concretePath(path), { method, key: strangerKey });
      requestIds.add(answer.headers.get("x-request-id") ?? "");
    }
    // Beyond ten in a minute attempts are counted.
    const entries = await recorded(20);
    const theirs = entries.filter(({ orgId }) => orgId === org.id);
    expect(theirs.length).toBe(10);
    for (const entry of theirs) {
      expect(entry).toMatchObject({
        ...{ principalType: "Foreign", principalId: "", role: "", reason: "FOREIGN_ORG", outcome: "denied" },
      });
      expect(requestIds).toContain(entry.requestId);
      expect(JSON.stringify(entry)).not.toContain("alice");
      expect(JSON.stringify(entry)).not.toContain(otherOrg.id);
    }
    const own = entries.filter(({ orgId }) => orgId === otherOrg.id);
    expect(own.map(({ principalType, principalId }) => [principalType, principalId])).toEqual(
      own.map(() => ["User", "alice@other.test"]),
    );
    expect(own.length).toBe(10);
  });

  it("is an operator of the cluster where no principal of the org did it", async () => {
    await harness.fetch(`/api/orgs/acme/worker-tokens/${id}`, { method: "DELETE", key: operatorKey });
    const [entry] = await recorded(1);
    expect(entry).toMatchObject({
      ...{ orgId: org.id, principalType: "Operator", principalId: "operator:root", role: "OPERATOR" },
    });
  });
});
