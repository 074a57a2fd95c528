/** Goal: what one HTTP request takes is counted, shown to its org, and given back; shares hold between orgs. */
import { connect } from "node:net";
import { WorkflowView } from "@flovyn/proto/internal";
import { StartWorkflowRequest, StartWorkflowResponse } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callRaw, GatewayHarness, otherKey, testConfig, userKey, workerKey } from "./gateway-harness.js";
import { IdentityProvider, makeKey } from "./identity-provider.js";
import { answerOrgs } from "./known-orgs.js";

const id = "0190a5c0-0000-7000-8000-0000000000a0";
const listPath = "/api/orgs/acme/workflow-executions";
let harness: GatewayHarness;
/** Of an answer: more than the sockets of both ends take of one that is not read. */
const inputBytes = 30_000_000;

async function start(budgets: Record<string, Record<string, number>>, more = {}): Promise<void> {
  harness = await GatewayHarness.start(testConfig({ limits: { budgets }, ...more }));
  answerOrgs(harness.services);
  harness.services.answer("flovyn.v1.WorkflowDispatch/StartWorkflow", () =>
    StartWorkflowResponse.encode(StartWorkflowResponse.fromPartial({ workflowExecutionId: id })).finish(),
  );
  const input = Buffer.from(JSON.stringify("x".repeat(inputBytes)));
  harness.services.answer("internal/GetWorkflow", () =>
    WorkflowView.encode(WorkflowView.fromPartial({ id, kind: "k", status: "RUNNING", input })).finish(),
  );
}

afterEach(() => harness.stop());

interface ShownBudget {
  name: string;
  available: number | null;
  limits: Record<string, number>;
  used: Record<string, number>;
}

async function shown(name: string, key = userKey, slug = "acme"): Promise<ShownBudget> {
  const answer = await harness.fetch(`/api/orgs/${slug}/limits`, { key });
  expect(answer.status).toBe(200);
  const { budgets } = (await answer.json()) as { budgets: ShownBudget[] };
  return budgets.find((one) => one.name === name) as ShownBudget;
}

/** A connection that sends these bytes and reads nothing. */
async function deaf(text: string): Promise<ReturnType<typeof connect>> {
  const socket = connect({ host: "127.0.0.1", port: harness.gateway.ports.http });
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.pause();
  socket.write(text);
  return socket;
}

const head = (method: string, path: string, more = "", key = userKey) =>
  `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n${more}\r\n`;
const bodyHead = (bytes: number) => `Content-Type: application/json\r\nContent-Length: ${bytes}\r\n`;

describe("a body that does not end", () => {
  beforeEach(() => start({ request_bytes: { principal: 1000 } }));

  it("counts by what has come of it, and is forgotten with its connection", async () => {
    const socket = await deaf(`${head("POST", listPath, bodyHead(5000))}{"kind":"${"k".repeat(800)}`);
    await waitFor("the bytes to be counted", async () => ((await shown("request_bytes")).used.principal ?? 0) >= 800);
    const body = JSON.stringify({ kind: "k", input: "x".repeat(500) });
    const init = { method: "POST", body, headers: { "content-type": "application/json" } };
    const refused = await harness.fetch(listPath, init);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({
      reason: "BUDGET_EXCEEDED",
      error: expect.stringMatching(/^request_bytes: one key may hold 1000 bytes at the moment; try again in 200 ms$/),
    });
    socket.destroy();
    // Whoever leaves is no fault of the server's.
    const cancelled = /^flovyn_gateway_http_requests_total\{.*method="POST",status="499".*\} 1$/m;
    await waitFor("the end to be counted", async () => cancelled.test(await harness.figures()));
    await waitFor("room", async () => (await harness.fetch(listPath, init)).status === 201);
    expect((await shown("request_bytes")).used).toEqual({ principal: 0, org: 0 });
  });
});

describe("answers that are not read", () => {
  beforeEach(() => start({ answer_bytes: { org: 50_000_000 } }));

  it("are counted until their connections close, and more are refused", async () => {
    const path = `${listPath}/${id}`;
    const socket = await deaf(head("GET", path));
    await waitFor("the answer to wait", async () => ((await shown("answer_bytes")).used.org ?? 0) >= inputBytes);
    const refused = await harness.fetch(path);
    expect([refused.status, ((await refused.json()) as { reason: string }).reason]).toEqual([429, "BUDGET_EXCEEDED"]);
    socket.destroy();
    await waitFor("room", async () => (await harness.fetch(path)).status === 200);
  });
});

describe("small answers", () => {
  beforeEach(() => start({ answer_bytes: { principal: 10 } }));

  it("have room where large ones have none, because the work that they are about is done", async () => {
    const init = { method: "POST", body: '{"kind":"k"}', headers: { "content-type": "application/json" } };
    expect((await harness.fetch(listPath, init)).status).toBe(201);
    const start = "flovyn.v1.WorkflowDispatch/StartWorkflow";
    const request = StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial({ workflowKind: "k", queue: "q" }));
    const { error } = await callRaw(harness.client(), start, request.finish(), { key: workerKey });
    expect(error).toBeUndefined();
    expect((await harness.fetch(`${listPath}/${id}`)).status).toBe(429);
  });
});

describe("callers that leave", () => {
  beforeEach(() => start({}));

  /** Everything that is taken of the budgets of requests and streams. */
  async function taken(): Promise<number> {
    const text = await harness.figures();
    const names = ["calls", "request_bytes", "answer_bytes", "held_streams", "stream_buffer_bytes"];
    const used = names.map((name) =>
      Number(new RegExp(`^flovyn_gateway_budget_used\\{budget="${name}"[^}]*\\} (\\d+)$`, "m").exec(text)?.[1]),
    );
    return used.reduce((sum, one) => sum + one, 0);
  }

  /** Lets the answers of GetWorkflow wait until the test lets them go. */
  function holdAnswers(): (() => void)[] {
    const waiting: (() => void)[] = [];
    harness.services.answer("internal/GetWorkflow", () => {
      return new Promise<Uint8Array>((resolve) => {
        const view = WorkflowView.fromPartial({ id, kind: "k", status: "RUNNING" });
        waiting.push(() => resolve(WorkflowView.encode(view).finish()));
      });
    });
    return waiting;
  }

  it("before their answer take nothing of the budgets with them", async () => {
    const waiting = holdAnswers();
    const socket = await deaf(head("GET", `${listPath}/${id}`));
    await waitFor("the service to be asked", () => waiting.length === 1);
    socket.destroy();
    await waitFor("the call to be given back", async () => (await taken()) === 0);
    waiting[0]?.();
    const answered = /^flovyn_gateway_http_requests_total\{.*method="GET",status="\d+".*\} 1$/m;
    await waitFor("the answer", async () => answered.test(await harness.figures()));
    expect(await taken()).toBe(0);
  });

  it("while their credential is checked take nothing of the budgets with them", async () => {
    await harness.stop();
    const provider = new IdentityProvider();
    await provider.start();
    const key = await makeKey("k1", "ES256");
    provider.keys = [key];
    await start({}, { auth: { jwt: { issuer: provider.issuer, audience: "flovyn" } } });
    let release = () => {};
    answerOrgs(harness.services, new Promise((resolve) => (release = resolve)));
    // Its org has to be asked for before it is known who calls.
    const token = await provider.sign(key, { org_id: "acme", role: "OWNER" });
    const socket = await deaf(head("GET", `${listPath}/${id}`, "", token));
    await waitFor("the org to be asked for", () => harness.services.of("internal/ResolveOrg").length > 0);
    socket.destroy();
    await waitFor("the connection to end", async () =>
      /^flovyn_gateway_http_connections 0$/m.test(await harness.figures()),
    );
    release();
    const answered = /^flovyn_gateway_http_requests_total\{.*method="GET",status="499".*\} 1$/m;
    await waitFor("the answer", async () => answered.test(await harness.figures()));
    expect(await taken()).toBe(0);
    await provider.stop();
  });

  it.each([
    ["reads", () => head("GET", `${listPath}/${id}`).repeat(5), 5],
    [
      "a live stream and reads",
      () => head("GET", `${listPath}/${id}/stream`) + head("GET", `${listPath}/${id}`).repeat(5),
      1,
    ],
    ["live streams", () => head("GET", `${listPath}/${id}/stream`).repeat(5), 1],
    [
      "a live stream and bodies",
      () => head("GET", `${listPath}/${id}/stream`) + `${head("POST", listPath, bodyHead(12))}{"kind":"k"}`.repeat(5),
      1,
    ],
  ])(
    "and have sent %s together on one connection take nothing of the budgets with them",
    async (_name, text, least) => {
      const socket = await deaf(text());
      await waitFor("the requests to be there", async () => (await taken()) >= least);
      // Of the requests behind the first, too: all of them have been read by then.
      await harness.services.bus.flush();
      socket.destroy();
      await waitFor("all of it to be given back", async () => (await taken()) === 0);
    },
  );
});

describe("an org", () => {
  beforeEach(() => start({ calls: { org: 10 } }));

  it("is shown its own limits and use, and not those of others", async () => {
    const own = await shown("calls");
    // The call that asks is one of them.
    expect(own).toMatchObject({ available: 10, limits: { org: 10 }, used: { principal: 1, org: 1 } });
    expect((await harness.fetch("/api/orgs/acme/limits", { key: otherKey })).status).toBe(404);
    expect((await shown("calls", otherKey, "other")).used).toEqual({ principal: 1, org: 1 });
    const answer = await (await harness.fetch("/api/orgs/acme/limits")).json();
    expect(answer).toMatchObject({ rates: { requestsPerSecond: 10_000, burst: 20_000 } });
  });
});
