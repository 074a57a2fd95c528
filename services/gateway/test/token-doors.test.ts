/** Goal: tokens of an identity provider at both doors, and what any malformed credential gets there. */
import { StartWorkflowRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callRaw, GatewayHarness, metadataOf, org, otherOrg, testConfig, userKey } from "./gateway-harness.js";
import { IdentityProvider, makeKey, type SigningKey } from "./identity-provider.js";
import { answerOrgs } from "./known-orgs.js";

const start = "flovyn.v1.WorkflowDispatch/StartWorkflow";
const request = StartWorkflowRequest.encode(
  StartWorkflowRequest.fromPartial({ workflowKind: "k", queue: "q" }),
).finish();
const provider = new IdentityProvider();
let key: SigningKey;
let harness: GatewayHarness;

beforeAll(async () => {
  await provider.start();
  key = await makeKey("k1", "ES256");
  provider.keys = [key];
  const { keys } = {
    keys: [{ key: userKey, org_id: org.id, principal_type: "User", principal_id: "u", role: "OWNER" }],
  };
  const jwt = { issuer: provider.issuer, audience: "flovyn", clock_skew_seconds: 0 };
  const worker_token = { secrets: [{ id: "a", secret: "a secret of this test, of 32 bytes and more" }] };
  harness = await GatewayHarness.start(testConfig({ auth: { static_api_key: { keys }, jwt, worker_token } }));
  answerOrgs(harness.services);
  harness.services.answer(start, new Uint8Array(0));
  harness.services.answer("internal/FindWorkerTokens", new Uint8Array(0));
  harness.services.answer("internal/RecordAudit", new Uint8Array(0));
});

afterAll(async () => {
  await harness.stop();
  await provider.stop();
});

const sign = (claims: Record<string, unknown>) => provider.sign(key, { org_id: "acme", ...claims });
const codeOf = async (token: string) =>
  (await callRaw(harness.client(), start, request, { key: token })).error?.code ?? status.OK;

describe("tokens of an identity provider", () => {
  it("let their bearer in at both doors, with the role that they name", async () => {
    const member = await sign({ role: "MEMBER" });
    expect(await codeOf(member)).toBe(status.OK);
    expect(harness.services.of(start).at(-1)?.caller).toEqual({
      ...{ orgId: org.id, principalType: "User", principalId: "alice", role: "MEMBER" },
    });
    expect((await harness.fetch("/api/orgs/acme", { key: member })).status).toBe(200);
    const viewer = await sign({ role: "VIEWER" });
    expect(await codeOf(viewer)).toBe(status.PERMISSION_DENIED);
    expect((await harness.fetch("/api/orgs/acme", { key: viewer })).status).toBe(200);
  });

  it("open the org that they name and no other", async () => {
    const other = await sign({ org_id: otherOrg.id, role: "OWNER" });
    expect((await harness.fetch("/api/orgs/acme", { key: other })).status).toBe(404);
    expect((await harness.fetch("/api/orgs/other", { key: other })).status).toBe(200);
    expect(await codeOf(await sign({ org_id: "0190a5c0-0000-7000-8000-0000000000ff" }))).toBe(status.UNAUTHENTICATED);
  });

  it("end what they hold open when they expire", async () => {
    const token = await sign({ role: "OWNER", exp: Math.floor(Date.now() / 1000) + 5 });
    const client = harness.client();
    const pass = (bytes: Buffer) => bytes;
    const stream = client.makeServerStreamRequest(
      "/flovyn.v1.WorkflowDispatch/SubscribeToNotifications",
      pass,
      pass,
      // The queue, field 3, is all that a subscription needs.
      Buffer.from([0x1a, 1, 0x71]),
      metadataOf({ key: token }),
    );
    let end: number | undefined;
    stream.on("error", (error) => {
      end = (error as { code?: number }).code;
    });
    stream.resume();
    await new Promise((resolve) => stream.once("metadata", resolve));
    await waitFor("the stream to end", () => end !== undefined);
    expect(end).toBe(status.UNAUTHENTICATED);
  });
});

describe("malformed credentials", () => {
  const texts = [
    "",
    "x",
    "Bearer",
    "null",
    "undefined",
    "fwt_",
    `fwt_${"0".repeat(43)}`,
    `fwt_${"0".repeat(10_000)}`,
    "fpt_a.b.c",
    "eyJ",
    "eyJ.eyJ.x",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJyb290In0.c2ln",
    `eyJ${"a".repeat(20_000)}.b.c`,
    `${userKey}x`,
    userKey.slice(0, -1),
    userKey.toUpperCase(),
    "a b",
    "'; drop table worker_token; --",
  ];

  it.each(texts)("%j is UNAUTHENTICATED at both doors, without being repeated", async (text) => {
    const { error } = await callRaw(harness.client(), start, request, { key: text === "" ? " " : text });
    expect(error?.code).toBe(status.UNAUTHENTICATED);
    const response = await harness.fetch("/api/orgs/acme", { key: "", headers: { authorization: `Bearer ${text}` } });
    const body = await response.text();
    // The longest do not even fit the head of a request.
    expect([401, 431]).toContain(response.status);
    if (text.length > 3) {
      expect(error?.details).not.toContain(text);
      expect(body).not.toContain(text);
    }
  });
});
