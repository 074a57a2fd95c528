/** Goal: what is open when policies change ends where they do not allow it any more, and goes on where they do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import { GetWorkflowRequest, RecordAuditRequest, WorkflowView } from "@flovyn/proto/internal";
import { PollRequest, SubscriptionRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CallEnd, callRaw, GatewayHarness, metadataOf, org, testConfig, userKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { SseClient } from "./sse-client.js";

const folder = mkdtempSync(join(tmpdir(), "flovyn-policies-"));
const execution = "0190a5c0-0000-7000-8000-0000000000a0";
const nobody = `@id("nobody") forbid (principal, action, resource) when { false };`;
let harness: GatewayHarness;
let version = 0;

const policyVersion = async () => {
  const text = await harness.figures();
  return Number(/^flovyn_gateway_policy_version\S* (\d+)$/m.exec(text)?.[1]);
};

/** Resolves when the gateway has taken the policies. */
async function write(policies: string): Promise<void> {
  const before = await policyVersion();
  writeFileSync(join(folder, "own.cedar"), `${policies}\n// version ${++version}`);
  await waitFor("the policies to count", async () => (await policyVersion()) > before);
}

beforeAll(async () => {
  writeFileSync(join(folder, "own.cedar"), nobody);
  const keys = [{ key: userKey, org_id: org.id, principal_type: "User", principal_id: "u", role: "OWNER" }];
  harness = await GatewayHarness.start(
    testConfig({ auth: { static_api_key: { keys }, cedar: { policies: [folder] } } }),
  );
  answerOrgs(harness.services);
  const { services } = harness;
  services.answer("internal/ClaimWorkflows", new Uint8Array(0));
  services.answer("internal/RecordAudit", new Uint8Array(0));
  services.answer("internal/GetWorkflow", ({ payload }) =>
    WorkflowView.encode(WorkflowView.fromPartial({ id: GetWorkflowRequest.decode(payload).id })).finish(),
  );
  services.answer(
    "flovyn.ext.v1.WorkflowClient/AwaitResult",
    AwaitResultResponse.encode(AwaitResultResponse.fromPartial({ status: "RUNNING" })).finish(),
  );
});

afterAll(async () => {
  await harness.stop();
  rmSync(folder, { recursive: true });
});

const deniedEntries = () =>
  harness.services
    .of("internal/RecordAudit")
    .flatMap(({ payload }) => RecordAuditRequest.decode(payload).entries)
    .filter(({ outcome }) => outcome === "denied");

interface Open {
  notifications: () => ServiceError | undefined;
  result: Promise<CallEnd>;
  poll: Promise<CallEnd>;
  sse: SseClient;
  close: () => void;
}

function allAreOpen(): Promise<unknown> {
  return waitFor("all to be open", async () => {
    const text = await harness.figures();
    return (
      ["flovyn_gateway_parked_polls", "flovyn_gateway_live_streams"].every((name) =>
        new RegExp(`^${name}\\S* 1$`, "m").test(text),
      ) && /^flovyn_gateway_streams\S* 2$/m.test(text)
    );
  });
}

/** One call of each kind that stays open. */
async function openAll(): Promise<Open> {
  const client = harness.client();
  const pass = (bytes: Buffer) => bytes;
  const stream = client.makeServerStreamRequest(
    "/flovyn.v1.WorkflowDispatch/SubscribeToNotifications",
    ...[pass, pass],
    Buffer.from(SubscriptionRequest.encode(SubscriptionRequest.fromPartial({ queue: "q" })).finish()),
    metadataOf({ key: userKey }),
  );
  let end: ServiceError | undefined;
  stream.on("error", (error) => {
    end = error as ServiceError;
  });
  stream.resume();
  await new Promise((resolve) => stream.once("metadata", resolve));
  const await_ = AwaitResultRequest.fromPartial({ workflowExecutionId: execution, holdMs: 60_000 });
  const result = callRaw(
    client,
    "flovyn.ext.v1.WorkflowClient/AwaitResult",
    AwaitResultRequest.encode(await_).finish(),
    { key: userKey, deadlineMs: 60_000 },
  );
  const request = PollRequest.fromPartial({ orgId: org.id, queue: "q", timeoutSeconds: 60 });
  const poll = callRaw(client, "flovyn.v1.WorkflowDispatch/PollWorkflow", PollRequest.encode(request).finish(), {
    ...{ key: userKey, deadlineMs: 60_000, metadata: { "flovyn-poll-hold-ms": "60000" } },
  });
  const sse = await SseClient.open(harness.url(`/api/orgs/acme/workflow-executions/${execution}/stream`), userKey);
  await allAreOpen();
  return { notifications: () => end, result, poll, sse, close: () => client.close() };
}

describe("what is open when policies change", () => {
  beforeEach(() => {
    harness.services.requests.length = 0;
  });

  it("goes on where they allow it, and ends where they do not, with PERMISSION_DENIED", async () => {
    const open = await openAll();
    await write(`@id("other") forbid (principal == Flovyn::User::"${org.id}/other", action, resource);`);
    await allAreOpen();
    expect(open.notifications()).toBeUndefined();
    expect(open.sse.ended).toBe(false);
    await write(`@id("all") forbid (principal, action, resource);`);
    const denied = { code: status.PERMISSION_DENIED, details: expect.stringContaining("does not allow this any more") };
    expect((await open.poll).error).toMatchObject(denied);
    expect((await open.result).error).toMatchObject(denied);
    await waitFor("the notifications to end", () => open.notifications() !== undefined);
    expect(open.notifications()).toMatchObject(denied);
    await waitFor("the live stream to end", () => open.sse.ended);
    expect(open.sse.comments.at(-1)).toBe("closed: the key does not allow this any more");
    const recorded = await waitFor("the audit log to tell", () => {
      const entries = deniedEntries();
      return entries.length >= 4 && entries;
    });
    const told = { principalId: "u", reason: "NOT_ALLOWED", address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) };
    expect(recorded.sort((a, b) => a.action.localeCompare(b.action))).toMatchObject([
      { ...told, action: "awaitWorkflowResult", resourceId: execution, door: "grpc" },
      { ...told, action: "pollWorkflow", resourceId: "", door: "grpc" },
      { ...told, action: "streamWorkflowExecution", resourceId: execution, door: "http" },
      { ...told, action: "subscribeToWork", resourceId: "", door: "grpc" },
    ]);
    open.close();
    await write(nobody);
  });

  it("is asked about with what its request says", async () => {
    const open = await openAll();
    await write(`@id("queue") forbid (principal, action == Flovyn::Action::"pollWorkflow", resource)
                 when { resource has queue && resource.queue == "q" };`);
    expect((await open.poll).error).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(open.notifications()).toBeUndefined();
    await write(`@id("one") forbid (principal, action, resource == Flovyn::WorkflowExecution::"${execution}");`);
    expect((await open.result).error).toMatchObject({ code: status.PERMISSION_DENIED });
    await waitFor("the live stream to end", () => open.sse.ended);
    expect(open.notifications()).toBeUndefined();
    open.close();
  });
});
