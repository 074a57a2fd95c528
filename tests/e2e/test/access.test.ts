/**
 * Goal: organizations, worker tokens, roles and the audit log as their users see them, over two gateways and two replicas
 * of dispatch. Whatever is revoked ends within 5 s, what is open included, also when nobody told the gateway.
 */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import pg from "pg";
import { describe, expect, test } from "vitest";
import {
  accessToml,
  completed,
  createRestClient,
  type Org,
  operatorKey,
  type RestAnswer,
  scrapeOf,
} from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { activateOnce } from "./wait-for-work.js";

const use = useCluster({ replicas: REPLICATED, toml: accessToml });
/** It may take 5 s, which worker-tokens.test.ts counts with a clock that it moves; here a busy machine has its share. */
const REVOKED_WITHIN_MS = 30_000;
const unknownId = "0190a5c0-0000-7000-8000-000000000001";

const operator = (slug = use.cluster.org.slug, gateway = 0) =>
  createRestClient({ httpUrl: use.cluster.replica("gateway", gateway).httpUrl, slug, key: operatorKey });

async function atRoot(
  path: string,
  options: { key: string; body?: unknown },
): Promise<{ status: number; json: RestAnswer["json"] }> {
  const { httpUrl } = use.cluster.replica("gateway", 0);
  const response = await fetch(`${httpUrl}${path}`, {
    headers: { authorization: `Bearer ${options.key}`, "content-type": "application/json" },
    ...(options.body !== undefined && { method: "POST", body: JSON.stringify(options.body) }),
  });
  return { status: response.status, json: await response.json() };
}

async function createToken(name: string, more: Record<string, unknown> = {}): Promise<{ id: string; token: string }> {
  const { status, json } = await use.rest().post("/worker-tokens", { displayName: name, ...more });
  expect(status).toBe(201);
  return json;
}

describe("organizations", () => {
  test("are created by operators, over both names, and by nobody else", async () => {
    const slug = `made-${Date.now()}`;
    const body = { name: "Made", slug, tier: "PRO", region: "eu-1", quotas: { workerTokens: 1 } };
    for (const key of [use.cluster.org.userKey, use.cluster.org.workerKey]) {
      expect(await atRoot("/api/orgs", { key, body })).toMatchObject({ status: 403, json: { code: "Forbidden" } });
    }
    const made = await atRoot("/api/tenants", { key: operatorKey, body });
    expect(made).toMatchObject({ status: 201, json: { slug, name: "Made", tier: "PRO", region: "eu-1" } });
    expect(await atRoot("/api/orgs", { key: operatorKey, body })).toMatchObject({
      status: 409,
      json: { code: "AlreadyExists", field: "slug" },
    });
    const { json } = await operator(slug).get("");
    expect(json).toEqual(made.json);
    // Who made it may not look into it, and makes no credential that may.
    expect((await operator(slug).get("/workflow-executions")).status).toBe(403);
    expect((await operator(slug).post("/worker-tokens", { displayName: "one" })).status).toBe(403);
    expect(await operator(slug).get("/worker-tokens")).toMatchObject({ status: 200, json: { tokens: [] } });
  });

  test.each([
    ["name", { name: " ", slug: "a" }],
    ["slug", { name: "A", slug: "Not A Slug" }],
    ["slug", { name: "A", slug: "a".repeat(101) }],
    ["quotas.workerTokens", { name: "A", slug: "a", quotas: { workerTokens: 0 } }],
    ["quotas.coffee", { name: "A", slug: "a", quotas: { coffee: 1 } }],
  ])("are refused with a wrong %s", async (field, body) => {
    expect(await atRoot("/api/orgs", { key: operatorKey, body })).toMatchObject({ status: 400, json: { field } });
  });

  test("are listed to operators, and the own one to others", async () => {
    const { org, otherOrg } = use.cluster;
    const all = await atRoot("/api/orgs?limit=100", { key: operatorKey });
    const slugs = all.json.orgs.map(({ slug }: { slug: string }) => slug);
    expect(slugs).toEqual(expect.arrayContaining([org.slug, otherOrg.slug]));
    const own = await atRoot("/api/orgs", { key: org.userKey });
    expect(own.json.orgs.map(({ slug }: { slug: string }) => slug)).toEqual([org.slug]);
    const first = await atRoot("/api/orgs?limit=1", { key: operatorKey });
    const next = await atRoot(`/api/orgs?limit=1&cursor=${first.json.nextCursor}`, { key: operatorKey });
    expect(next.json.orgs[0].id).not.toBe(first.json.orgs[0].id);
  });
});

describe("worker tokens", () => {
  test("let a worker in at both gateways, and are shown once", async () => {
    const { id, token } = await createToken("both doors");
    expect(token).toMatch(/^fwt_[0-9A-Za-z]{43}$/);
    for (const gateway of [0, 1]) {
      const client = use.client(gateway, { token });
      const queue = `token-${gateway}`;
      const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "k", queue });
      expect((await activateOnce(client, queue, completed("1"))).id).toBe(workflowExecutionId);
    }
    const listed = await use.rest().get("/worker-tokens");
    expect(listed.json.tokens[0]).toMatchObject({ id, displayName: "both doors", prefix: token.slice(0, 16) });
    expect(listed.text).not.toContain(token);
    await waitFor("its use to be noted", async () => {
      const { json } = await use.rest().get("/worker-tokens");
      return json.tokens.find((one: { id: string }) => one.id === id)?.lastUsedAt !== null;
    });
  });

  test("are for workers: REST refuses them, and they manage nothing", async () => {
    const { token } = await createToken("gRPC only");
    expect((await use.rest(0, { key: token }).get("/workflow-executions")).status).toBe(401);
  });

  test("are no more than the quota of the organization", async () => {
    const rest = use.rest(0, { org: use.cluster.otherOrg });
    expect((await rest.post("/worker-tokens", { displayName: "one" })).status).toBe(201);
    expect(await rest.post("/worker-tokens", { displayName: "two" })).toMatchObject({
      status: 429,
      json: { reason: "WORKER_TOKEN_QUOTA" },
    });
  });

  test("are nowhere in the database", async () => {
    const { token } = await createToken("secret");
    const client = new pg.Client({ connectionString: use.cluster.databaseUrl });
    await client.connect();
    try {
      const { rows } = await client.query("select worker_token::text as row from worker_token");
      expect(rows.length).toBeGreaterThan(0);
      for (const { row } of rows) expect(row).not.toContain(token.slice(16));
      await expect(client.query("update audit_entry set outcome = 'allowed'")).rejects.toThrow("append-only");
      await expect(client.query("delete from audit_entry")).rejects.toThrow("append-only");
      await expect(client.query("truncate audit_entry")).rejects.toThrow("append-only");
    } finally {
      await client.end();
    }
    expect(use.cluster.output()).not.toContain(token.slice(16));
  });

  test("that are revoked end everywhere by themselves, with what they hold open", async () => {
    const { id, token } = await createToken("revoked");
    const clients = [use.client(0, { token }), use.client(1, { token })];
    const polls = clients.map((client) =>
      client.pollWorkflow(
        { workerId: "w", queue: "nothing", timeoutSeconds: 60 },
        { metadata: { "flovyn-poll-hold-ms": "60000" }, deadlineMs: 60_000 },
      ),
    );
    const ends = polls.map((poll) => poll.catch((error: unknown) => error));
    await waitFor("both polls to wait", async () => {
      const texts = await Promise.all([0, 1].map((n) => metricsOf(n)));
      return texts.every((text) => /flovyn_gateway_parked_polls(\{[^}]*\})? [1-9]/.test(text));
    });
    const ended: unknown[] = [];
    for (const end of ends) void end.then((error) => ended.push(error));
    expect((await use.rest().delete(`/worker-tokens/${id}`)).status).toBe(204);
    await waitFor("both polls to end", () => ended.length === 2, { timeoutMs: REVOKED_WITHIN_MS });
    for (const end of ended) expect(end).toMatchObject({ code: status.UNAUTHENTICATED });
    for (const client of clients) {
      await expect(client.startWorkflow({ workflowKind: "k", queue: "q" })).rejects.toMatchObject({
        code: status.UNAUTHENTICATED,
      });
    }
    expect((await use.rest().delete(`/worker-tokens/${id}`)).status).toBe(204);
  });

  test("that are revoked in the database, without a word to anybody, end by themselves", async () => {
    const { id, token } = await createToken("lost push");
    const client = use.client(0, { token });
    await client.startWorkflow({ workflowKind: "k", queue: "lost" });
    const database = new pg.Client({ connectionString: use.cluster.databaseUrl });
    await database.connect();
    await database.query("update worker_token set revoked_at = now(), revoked_by = 'test' where id = $1", [id]);
    await database.end();
    await waitFor(
      "the token to end",
      async () => {
        const end = await client.startWorkflow({ workflowKind: "k", queue: "lost" }).catch((error) => error);
        return end.code === status.UNAUTHENTICATED;
      },
      { timeoutMs: REVOKED_WITHIN_MS },
    );
  });

  test("expire", async () => {
    let lifeSeconds = 1;
    // Until one works before it expires: a busy machine may take longer than the first ones live.
    const used = await waitFor("a brief token to work", async () => {
      lifeSeconds *= 2;
      const { token } = await createToken("brief", { expiresInSeconds: lifeSeconds });
      const client = use.client(0, { token });
      await client.startWorkflow({ workflowKind: "k", queue: "brief" });
      return client;
    });
    await waitFor("the token to expire", async () => {
      const end = await used.startWorkflow({ workflowKind: "k", queue: "brief" }).catch((error) => error);
      return end.code === status.UNAUTHENTICATED;
    });
  });

  test("of another org look like missing ones", async () => {
    const { id } = await createToken("mine");
    const foreign = use.rest(0, { org: use.cluster.otherOrg });
    const [theirs, missing] = [
      await foreign.delete(`/worker-tokens/${id}`),
      await foreign.delete(`/worker-tokens/${unknownId}`),
    ];
    const shown = ({ status, json }: typeof theirs) => ({ status, ...json, instance: undefined });
    expect(shown(theirs)).toEqual(shown(missing));
    expect(theirs.status).toBe(404);
    expect((await foreign.get("/worker-tokens")).text).not.toContain(id);
  });
});

describe("roles", () => {
  test("a viewer sees, and changes nothing", async () => {
    const viewer = use.rest(0, { key: `${use.cluster.org.userKey}_viewer` });
    expect((await viewer.get("/workflow-executions")).status).toBe(200);
    expect(await viewer.post("/workflow-executions", { kind: "k" })).toMatchObject({
      status: 403,
      json: { code: "Forbidden", reason: "NOT_ALLOWED", detail: "the key does not allow startWorkflow" },
    });
    const client = use.client(1, { token: `${use.cluster.org.userKey}_viewer` });
    await expect(client.startWorkflow({ workflowKind: "k", queue: "q" })).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    });
  });
});

describe("the audit log", () => {
  test("tells who did what to which object with which outcome, denied attempts included", async () => {
    const { org } = use.cluster;
    const { id } = await createToken("audited");
    await use.rest(1).delete(`/worker-tokens/${id}`);
    const { json: started } = await use.rest().post("/workflow-executions", { kind: "k", queue: "audited" });
    await use.rest().post(`/workflow-executions/${started.workflowExecutionId}/cancel`, { reason: "r" });
    await use.rest().post(`/workflow-executions/${unknownId}/cancel`, {});
    await use.rest(0, { key: `${org.userKey}_viewer` }).post("/workflow-executions", { kind: "k" });
    const expected = [
      ["createWorkerToken", id, "allowed", "", "api:test"],
      ["revokeWorkerToken", id, "allowed", "", "api:test"],
      ["cancelWorkflowExecution", started.workflowExecutionId, "allowed", "", "api:test"],
      ["cancelWorkflowExecution", unknownId, "failed", "NotFound", "api:test"],
      ["startWorkflow", "", "denied", "NOT_ALLOWED", "api:viewer"],
    ];
    const entries = async (query = "") => (await use.rest().get(`/audit?limit=100${query}`)).json.entries;
    const rowOf = (entry: Record<string, unknown>) =>
      ["action", "resourceId", "outcome", "reason", "principalId"].map((name) => entry[name]);
    await waitFor("the entries to be stored", async () => {
      const rows = (await entries()).map(rowOf).map(String);
      return expected.every((row) => rows.includes(String(row)));
    });
    const denied = await entries("&outcome=denied&principal=api:viewer");
    expect(denied.map((entry: { action: string }) => entry.action)).toContain("startWorkflow");
    expect(denied[0]).toMatchObject({
      door: expect.any(String),
      role: "VIEWER",
      address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    });
    const ofToken = await entries(`&resource=${id}`);
    expect(ofToken.map((entry: { action: string }) => entry.action)).toEqual([
      "revokeWorkerToken",
      "createWorkerToken",
    ]);
    expect(await entries(`&to=${encodeURIComponent(new Date(0).toISOString())}`)).toEqual([]);
    const page = (await use.rest().get("/audit?limit=1")).json;
    const next = (await use.rest().get(`/audit?limit=1&cursor=${page.nextCursor}`)).json;
    expect(next.entries[0].id < page.entries[0].id).toBe(true);
    expect((await use.rest().get("/audit?from=yesterday")).json).toMatchObject({ status: 400, field: "from" });
    // What belongs to no org is for operators: what they make, and attempts of callers that nobody knows.
    await atRoot("/api/orgs", { key: "nobody's key" });
    await waitFor("the attempt of nobody to be stored", async () => {
      const { json } = await atRoot("/api/audit?limit=100&outcome=denied", { key: operatorKey });
      return json.entries.some((entry: { principalType: string }) => entry.principalType === "Anonymous");
    });
    const { json: made } = await atRoot("/api/audit?action=createOrg&outcome=allowed", { key: operatorKey });
    expect(made.entries[0]).toMatchObject({ principalId: "operator:test", resourceType: "Server" });
    const own = await atRoot("/api/audit?limit=100", { key: org.userKey });
    // Members of an org see nothing of it, only that they themselves tried.
    const orgMakers = own.json.entries.filter((entry: { action: string }) => entry.action === "createOrg");
    expect(orgMakers.map((entry: { outcome: string }) => entry.outcome)).not.toContain("allowed");
    // Nobody sees the log of another org, and an attempt to is in the log of who tried.
    const { otherOrg } = use.cluster;
    for (const slug of [org.slug, "no-such-org"]) {
      expect((await use.rest(0, { org: otherOrg, slug }).get("/audit")).status).toBe(404);
    }
    const attempts = async (of: Org) =>
      (await use.rest(0, { org: of }).get("/audit?outcome=denied&action=authenticate&limit=100")).json.entries.map(
        (entry: { reason: string; resourceId: string }) => [entry.reason, entry.resourceId],
      );
    await waitFor("the attempts to be stored", async () => {
      const [theirs, ours] = [await attempts(otherOrg), await attempts(org)];
      const strayed = [org.slug, "no-such-org"].map((slug) => ["NO_SUCH_ORG", slug]);
      const isTold = ours.some((entry: string[]) => String(entry) === String(["FOREIGN_ORG", org.slug]));
      return isTold && strayed.every((wanted) => theirs.some((entry: string[]) => String(entry) === String(wanted)));
    });
    // Whoever tried learns nothing from the own log: a foreign org is a missing one there as well.
    expect(JSON.stringify(await attempts(otherOrg))).not.toContain("FOREIGN_ORG");
  });
});

const metricsOf = (gateway: number) => scrapeOf(use.cluster.replica("gateway", gateway));
