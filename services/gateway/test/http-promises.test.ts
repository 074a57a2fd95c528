// Goal: promises are settled from outside by their id or key, with values byte for byte, and by a token exactly as far
// as the token says.
import { DomainError } from "@flovyn/domain";
import {
  GetPromiseRequest,
  PromiseView,
  RecordAuditRequest,
  SettlePromiseRequest,
  SettlePromiseResponse,
} from "@flovyn/proto/internal";
import type { HttpProblem } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PromiseTokens } from "../src/auth/promise-tokens.js";
import { GatewayHarness, org, otherKey, otherOrg, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const id = "0190a5c0-0000-7000-8000-0000000000aa";
const otherId = "0190a5c0-0000-7000-8000-0000000000bb";
const workflowId = "0190a5c0-0000-7000-8000-0000000000cc";
const base = "/api/orgs/acme/promises";
const createdAtMs = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const hardPayload =
  '{ "big": 9007199254740993, "float": 1.0, "nul": "\\u0000", "lone": "\\ud800", "dup": 1, "dup": 2 }';
const secrets = [
  { id: "new", secret: "the new secret of this test has 32 bytes" },
  { id: "old", secret: "the old secret of this test has 32 bytes" },
];

let harness: GatewayHarness;
let view: PromiseView;

const withSecrets = (list: typeof secrets) => {
  const keys = [
    { key: userKey, org_id: org.id, principal_type: "User", principal_id: "user:test" },
    { key: otherKey, org_id: otherOrg.id, principal_type: "User", principal_id: "user:other" },
  ];
  return testConfig({ auth: { static_api_key: { keys }, promise_token: { secrets: list } } });
};

beforeAll(async () => {
  harness = await GatewayHarness.start(withSecrets(secrets));
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
  view = PromiseView.fromPartial({
    id,
    orgId: org.id,
    workflowExecutionId: workflowId,
    name: "payment",
    status: "OPEN",
    createdAtMs,
  });
  prepare(harness);
});

function prepare({ services }: GatewayHarness): void {
  answerOrgs(services);
  services.answer("internal/SettlePromise", settleAnswer(true, "RESOLVED"));
  services.answer("internal/GetPromise", ({ caller }) => {
    if (caller.orgId !== org.id) throw new DomainError("NotFound", "there is no such promise");
    return PromiseView.encode(view).finish();
  });
}

function settleAnswer(settled: boolean, status: string): Uint8Array {
  return SettlePromiseResponse.encode({ promiseId: id, settled, status }).finish();
}

function answerSettle(settled: boolean, status: string): void {
  harness.services.answer("internal/SettlePromise", settleAnswer(settled, status));
}

function settled(): SettlePromiseRequest[] {
  return harness.services.of("internal/SettlePromise").map(({ payload }) => SettlePromiseRequest.decode(payload));
}

const post = (path: string, body?: string, init: { key?: string; headers?: Record<string, string> } = {}) =>
  harness.fetch(`${base}/${path}`, { method: "POST", ...(body !== undefined && { body }), ...init });

describe("settling a promise", () => {
  it("resolves with the value byte for byte", async () => {
    const response = await post(`id:${id.toUpperCase()}/resolve`, `{"value": ${hardPayload} }`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      resolved: true,
      alreadyResolved: false,
      promiseId: id,
      status: "RESOLVED",
    });
    const [request] = settled();
    expect(request?.promise).toBe(`id:${id}`);
    expect(request?.outcome?.$case).toBe("value");
    expect(request?.outcome?.value.toString()).toBe(hardPayload);
  });

  it("resolves with null when there is no value or no body", async () => {
    for (const body of [undefined, "", "{}", '{"value":null}']) await post(`id:${id}/resolve`, body);
    expect(settled().map(({ outcome }) => outcome?.value.toString())).toEqual(["null", "null", "null", "null"]);
  });

  it("rejects with the text", async () => {
    answerSettle(true, "REJECTED");
    const response = await post(`id:${id}/reject`, '{"error":"card declined \\u20ac"}');
    expect([response.status, await response.json()]).toEqual([
      200,
      { resolved: true, alreadyResolved: false, promiseId: id, status: "REJECTED", rejected: true },
    ]);
    expect(settled()[0]?.outcome).toEqual({ $case: "error", value: "card declined €" });
    await post(`id:${id}/reject`, '{"error":""}');
    expect(settled()[1]?.outcome).toEqual({ $case: "error", value: "" });
  });

  it("answers 200 when the promise was settled before", async () => {
    answerSettle(false, "TIMED_OUT");
    const resolved = { resolved: false, alreadyResolved: true, promiseId: id, status: "TIMED_OUT" };
    expect(await (await post(`id:${id}/resolve`, '{"value":1}')).json()).toEqual(resolved);
    const response = await post(`id:${id}/reject`, '{"error":"no"}');
    expect([response.status, await response.json()]).toEqual([200, { ...resolved, rejected: false }]);
  });

  it.each(["stripe:ch_1", "a/b/c", "a%2Fb", "100%", "id:not-a-uuid", "../..", "ключ é ?#&+ ;", "a b", "k".repeat(255)])(
    "finds it by the key %j",
    async (key) => {
      for (const name of ["orgs", "tenants"]) {
        const path = `/api/${name}/acme/promises/key:${encodeURIComponent(key)}/resolve`;
        expect((await harness.fetch(path, { method: "POST", body: "{}" })).status).toBe(200);
        expect(settled().at(-1)?.promise).toBe(`key:${key}`);
      }
    },
  );

  it.each([
    [id, undefined],
    ["name:payment", undefined],
    ["ID:x", undefined],
    ["key", undefined],
    ["key:", undefined],
    ["key:%20", undefined],
    ["key:a%00b", undefined],
    [`key:${"k".repeat(256)}`, undefined],
    ["id:", "INVALID_UUID"],
    ["id:nonsense", "INVALID_UUID"],
    [`id:{${id}}`, "INVALID_UUID"],
  ])("refuses %j as a name of a promise, on every route", async (ref, reason) => {
    const encoded = ref.includes("%") ? ref : encodeURIComponent(ref);
    const answers = [
      await post(`${encoded}/resolve`, "{}"),
      await post(`${encoded}/reject`, '{"error":"no"}'),
      await post(`${encoded}/token`),
      await harness.fetch(`${base}/${encoded}`),
    ];
    for (const answer of answers) {
      const problem = (await answer.json()) as HttpProblem;
      expect(problem).toMatchObject({ status: 400, code: "InvalidInput", field: "promise" });
      expect(problem.reason).toBe(reason);
    }
    expect(harness.services.of("internal/SettlePromise")).toEqual([]);
  });

  it("refuses a rejection without a text, and what is too large, by name", async () => {
    for (const [body, field] of [
      ["", "body"],
      ["{}", "error"],
      ['{"error":null}', "error"],
      ['{"error":{"code":1}}', "error"],
    ]) {
      expect(await (await post(`id:${id}/reject`, body)).json()).toMatchObject({ status: 400, field });
    }
    const large = await post(`id:${id}/resolve`, `{"value":"${"x".repeat(1024 * 1024)}"}`);
    expect(await large.json()).toMatchObject({ status: 413, code: "PayloadTooLarge", field: "value" });
    expect(settled()).toEqual([]);
  });

  it("is 404 for an unknown promise", async () => {
    harness.services.fail("internal/SettlePromise", new DomainError("NotFound", "there is no such promise"));
    expect((await post(`id:${id}/resolve`)).status).toBe(404);
    expect((await post("key:none/reject", '{"error":"no"}')).status).toBe(404);
  });
});

describe("showing a promise", () => {
  it("shows an open one, and a settled one with its value byte for byte", async () => {
    const open = await harness.fetch(`${base}/key:${encodeURIComponent("stripe:ch/1")}`);
    expect([open.status, await open.json()]).toEqual([
      200,
      {
        id,
        orgId: org.id,
        workflowExecutionId: workflowId,
        name: "payment",
        status: "OPEN",
        value: null,
        error: null,
        createdAt: "2026-01-02T03:04:05.678Z",
        timeoutAt: null,
        settledAt: null,
      },
    ]);
    const [request] = harness.services.of("internal/GetPromise");
    expect(GetPromiseRequest.decode(request?.payload ?? new Uint8Array())).toEqual({ promise: "key:stripe:ch/1" });
    view = { ...view, status: "RESOLVED", value: Buffer.from(hardPayload), settledAtMs: createdAtMs };
    expect(await (await harness.fetch(`${base}/id:${id}`)).text()).toContain(`"value":${hardPayload}`);
  });
});

describe("promise tokens", () => {
  const tokenHeader = (token: string) => ({ key: "", headers: { "Flovyn-Promise-Token": token } });

  async function createToken(body?: string): Promise<{ token: string; promiseId: string; expiresAt: string }> {
    const response = await post(`id:${id}/token`, body);
    expect([response.status, response.headers.get("cache-control")]).toEqual([201, "no-store"]);
    return (await response.json()) as { token: string; promiseId: string; expiresAt: string };
  }

  it("SP-172 settle the promise without a key, as a principal of their own", async () => {
    const before = Date.now();
    const { token, promiseId, expiresAt } = await createToken();
    const after = Date.now();
    expect(promiseId).toBe(id);
    expect(token).toMatch(/^fpt_new\./);
    const day = 24 * 3_600_000;
    expect(Date.parse(expiresAt)).toBeGreaterThanOrEqual(before + day);
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(after + day);
    expect((await post(`id:${id}/resolve`, '{"value":1.0}', tokenHeader(token))).status).toBe(200);
    expect((await post(`id:${id}/reject`, '{"error":"no"}', tokenHeader(token))).status).toBe(200);
    const tenants = `/api/tenants/acme/promises/id:${id.toUpperCase()}/resolve`;
    expect((await harness.fetch(tenants, { method: "POST", ...tokenHeader(token) })).status).toBe(200);
    expect(settled().map(({ promise }) => promise)).toEqual([`id:${id}`, `id:${id}`, `id:${id}`]);
    expect(harness.services.of("internal/SettlePromise")[0]?.caller).toEqual({
      orgId: org.id,
      principalType: "User",
      principalId: "flovyn:promise-token",
    });
  });

  it("are principals of their own in the audit log", async () => {
    harness.services.answer("internal/RecordAudit", new Uint8Array(0));
    const { token } = await createToken();
    expect((await post(`id:${id}/resolve`, '{"value":1}', tokenHeader(token))).status).toBe(200);
    const settled = () =>
      harness.services
        .of("internal/RecordAudit")
        .flatMap(({ payload }) => RecordAuditRequest.decode(payload).entries)
        .filter(({ outcome, principalId }) => outcome === "allowed" && principalId === "flovyn:promise-token");
    await waitFor("the entry of the settlement", () => settled().length > 0);
    for (const entry of settled()) expect(entry).toMatchObject({ principalType: "PromiseToken", role: "" });
  });

  it("SP-172 hold as long as asked, and at most 30 days", async () => {
    const { expiresAt } = await createToken('{"expiresIn":"90s"}');
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 90_000);
    await createToken('{"expiresIn":"30d"}');
    await createToken('{"expiresIn":null}');
    for (const expiresIn of ['"31d"', '"0s"', '"soon"', "60", '""']) {
      const refused = await post(`id:${id}/token`, `{"expiresIn":${expiresIn}}`);
      expect(await refused.json()).toMatchObject({ status: 400, field: "expiresIn" });
    }
  });

  it("are made for promises that exist in the org of the caller", async () => {
    const foreign = await harness.fetch(`/api/orgs/other/promises/id:${id}/token`, { method: "POST", key: otherKey });
    expect(foreign.status).toBe(404);
    expect((await post(`id:${id}/token`, undefined, { key: otherKey })).status).toBe(404);
    expect((await post("key:stripe:ch_1/token")).status).toBe(201);
  });

  it("SP-172 are all refused in the same words: wrong, expired, foreign, malformed, of an unknown secret", async () => {
    const { token } = await createToken();
    const sign = (secret: (typeof secrets)[0], grant = { orgId: org.id, promiseId: id }, ageMs = 0) =>
      new PromiseTokens({ secrets: [secret], now: () => Date.now() - ageMs }).sign(grant, 60).token;
    const [newest, old] = secrets as [(typeof secrets)[0], (typeof secrets)[0]];
    const guess = { id: "new", secret: "a guess that is as long as the secret is" };
    const tampered = (text: string) => text.slice(0, -3) + (text.at(-3) === "A" ? "B" : "A") + text.slice(-2);
    const resolve = `${base}/id:${id}/resolve`;
    const attempts: [what: string, path: string, token: string][] = [
      ["expired", resolve, sign(newest, undefined, 60_000)],
      ["changed", resolve, tampered(token)],
      ["guessed secret", resolve, sign(guess)],
      ["unknown secret", resolve, sign({ ...newest, id: "gone" })],
      ["secret under another id", resolve, sign({ ...newest, id: "old" })],
      ["malformed", resolve, "fpt_new"],
      ["an API key", resolve, userKey],
      ["empty", resolve, ""],
      ["another promise", `${base}/id:${otherId}/resolve`, token],
      ["by key", `${base}/key:stripe/resolve`, token],
      ["no promise", `${base}/nonsense/resolve`, token],
      ["another org's slug", `/api/orgs/other/promises/id:${id}/resolve`, token],
      ["an unknown slug", `/api/orgs/nobody/promises/id:${id}/resolve`, token],
      ["another org's promise", resolve, sign(newest, { orgId: otherOrg.id, promiseId: id })],
    ];
    expect((await post(`id:${id}/resolve`, "{}", tokenHeader(sign(old)))).status).toBe(200);
    harness.services.requests.length = 0;
    const answers = new Set<string>();
    for (const [what, path, wrong] of attempts) {
      const response = await harness.fetch(path, { method: "POST", body: "{}", ...tokenHeader(wrong) });
      expect([what, response.status]).toEqual([what, 401]);
      const { instance: _instance, ...problem } = (await response.json()) as HttpProblem;
      answers.add(JSON.stringify([problem, response.headers.get("www-authenticate")]));
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).toContain("INVALID_PROMISE_TOKEN");
    expect(settled()).toEqual([]);
  });

  it("SP-172 open no other route", async () => {
    const { token } = await createToken();
    const reject = `${base}/id:${id}/reject`;
    for (const [method, path] of [
      ["GET", `${base}/id:${id}`],
      ["POST", `${base}/id:${id}/token`],
      ["GET", reject],
      ["PUT", reject],
      ["POST", `${reject}/`],
      ["POST", `${reject}/more`],
      ["GET", `/api/orgs/acme/workflow-executions/${workflowId}`],
      ["POST", `/api/orgs/acme/workflow-executions/${workflowId}/cancel`],
      ["POST", `/api/orgs/acme/promises/id:${id}/resolve/../token`],
    ] as const) {
      const response = await harness.fetch(path, { method, ...tokenHeader(token) });
      expect([method, path, response.status]).toEqual([method, path, 401]);
    }
    const bearer = await post(`id:${id}/resolve`, "{}", { key: token });
    expect(bearer.status).toBe(401);
  });

  it("SP-172 do not count where Authorization is sent", async () => {
    const { token } = await createToken();
    const headers = { "flovyn-promise-token": token };
    expect((await post(`id:${id}/resolve`, "{}", { key: "wrong", headers })).status).toBe(401);
    expect((await post(`id:${id}/resolve`, "{}", { key: "", headers: { ...headers, authorization: "" } })).status).toBe(
      401,
    );
    const valid = await post(`id:${otherId}/resolve`, "{}", { headers: { "flovyn-promise-token": "nonsense" } });
    expect(valid.status).toBe(200);
    expect(harness.services.of("internal/SettlePromise").at(-1)?.caller.principalId).toBe("user:test");
  });

  it("SP-172 signed before a rotation hold until the old secret is removed", async () => {
    const { token } = await createToken();
    const [newest, old] = secrets as [(typeof secrets)[0], (typeof secrets)[0]];
    const rotated = [{ id: "newer", secret: "a secret that came after this test began" }, newest];
    for (const [list, status] of [
      [rotated, 200],
      [[old], 401],
    ] as const) {
      const next = await GatewayHarness.start(withSecrets([...list]));
      try {
        prepare(next);
        const path = `${base}/id:${id}/resolve`;
        expect((await next.fetch(path, { method: "POST", ...tokenHeader(token) })).status).toBe(status);
      } finally {
        await next.stop();
      }
    }
  });

  it("are checked where they are sent, also when authentication is off", async () => {
    const open = await GatewayHarness.start(testConfig({ orgs: [org], auth: { enabled: false } }));
    try {
      prepare(open);
      const path = `${base}/id:${id}/resolve`;
      expect((await open.fetch(path, { method: "POST", key: "" })).status).toBe(200);
      expect((await open.fetch(path, { method: "POST", ...tokenHeader("fpt_wrong") })).status).toBe(401);
    } finally {
      await open.stop();
    }
  });

  it("are off without a secret: none is made, none is taken", async () => {
    const { token } = await createToken();
    const off = await GatewayHarness.start(withSecrets([]));
    try {
      prepare(off);
      const refused = await off.fetch(`${base}/id:${id}/token`, { method: "POST" });
      expect(await refused.json()).toMatchObject({
        status: 409,
        code: "WrongState",
        reason: "PROMISE_TOKENS_OFF",
        detail: expect.stringContaining("auth.promise_token.secrets"),
      });
      const used = await off.fetch(`${base}/id:${id}/resolve`, { method: "POST", ...tokenHeader(token) });
      expect(await used.json()).toMatchObject({ status: 401, reason: "INVALID_PROMISE_TOKEN" });
    } finally {
      await off.stop();
    }
  });
});
