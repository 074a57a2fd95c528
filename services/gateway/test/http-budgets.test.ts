/** Goal: what one HTTP request takes is counted, shown to its org, and given back; shares hold between orgs. */
import { connect } from "node:net";
import { WorkflowView } from "@flovyn/proto/internal";
import { StartWorkflowResponse } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness, otherKey, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const id = "0190a5c0-0000-7000-8000-0000000000a0";
const listPath = "/api/orgs/acme/workflow-executions";
let harness: GatewayHarness;
/** Of an answer: more than the sockets of both ends take of one that is not read. */
const inputBytes = 30_000_000;

async function start(budgets: Record<string, Record<string, number>>): Promise<void> {
  harness = await GatewayHarness.start(testConfig({ limits: { budgets } }));
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
