/** Goal: one principal does not hold all that a gateway can hold, at either door. */
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import { GetWorkflowRequest, WorkflowView } from "@flovyn/proto/internal";
import { PollTaskRequest, SubscriptionRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { type ClientReadableStream, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, it } from "vitest";
import { callRaw, GatewayHarness, metadataOf, org, testConfig, userKey, workerKey } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";
import { SseClient } from "./sse-client.js";

const execution = "0190a5c0-0000-7000-8000-0000000000a0";
const streamPath = `/api/orgs/acme/workflow-executions/${execution}/stream`;
let harness: GatewayHarness;

beforeEach(async () => {
  harness = await GatewayHarness.start(
    testConfig({ limits: { budgets: { held_streams: { principal: 1 }, held_polls: { principal: 1 } } } }),
  );
  answerOrgs(harness.services);
  harness.services.answer("internal/ClaimTasks", new Uint8Array(0));
  harness.services.answer("internal/GetWorkflow", ({ payload }) =>
    WorkflowView.encode(WorkflowView.fromPartial({ id: GetWorkflowRequest.decode(payload).id })).finish(),
  );
  harness.services.answer(
    "flovyn.ext.v1.WorkflowClient/AwaitResult",
    AwaitResultResponse.encode(AwaitResultResponse.fromPartial({ status: "RUNNING" })).finish(),
  );
});

afterEach(() => harness.stop());

const pass = (bytes: Buffer) => bytes;
const refused = { code: status.RESOURCE_EXHAUSTED, details: expect.stringContaining(": one key may hold 1 ") };

function subscribe(key: string): ClientReadableStream<Buffer> {
  const request = SubscriptionRequest.encode(SubscriptionRequest.fromPartial({ queue: "q" })).finish();
  const path = "/flovyn.v1.WorkflowDispatch/SubscribeToNotifications";
  return harness.client().makeServerStreamRequest(path, pass, pass, Buffer.from(request), metadataOf({ key }));
}

/** Undefined when it is open. */
function outcome(stream: ClientReadableStream<Buffer>): Promise<ServiceError | undefined> {
  return new Promise((resolve) => {
    stream.once("metadata", () => resolve(undefined));
    stream.on("error", (error) => resolve(error as ServiceError));
    stream.resume();
  });
}

it("streams and awaited results of one principal share a limit, others have their own", async () => {
  const first = subscribe(userKey);
  expect(await outcome(first)).toBeUndefined();
  expect(await outcome(subscribe(userKey))).toMatchObject(refused);
  const request = AwaitResultRequest.fromPartial({ workflowExecutionId: execution, holdMs: 10_000 });
  const awaited = () =>
    callRaw(harness.client(), "flovyn.ext.v1.WorkflowClient/AwaitResult", AwaitResultRequest.encode(request).finish(), {
      key: userKey,
    });
  const { error } = await awaited();
  expect(error).toMatchObject(refused);
  expect(error?.metadata.get("flovyn-error-reason")).toEqual(["BUDGET_EXCEEDED"]);
  const answer = await harness.fetch(streamPath);
  expect(answer.status).toBe(429);
  expect(await answer.json()).toMatchObject({ code: "LimitExceeded", reason: "BUDGET_EXCEEDED" });
  expect(await outcome(subscribe(workerKey))).toBeUndefined();
  // What is let go makes room.
  first.cancel();
  const sse = await waitFor("room", async () => {
    const tried = await SseClient.open(harness.url(streamPath), userKey);
    return tried.response.statusCode === 200 ? tried : undefined;
  });
  expect((await awaited()).error).toMatchObject(refused);
  sse.leave();
});

it("polls that wait have a limit of their own", async () => {
  const request = PollTaskRequest.encode(
    PollTaskRequest.fromPartial({ orgId: org.id, queue: "q", timeoutSeconds: 60 }),
  ).finish();
  const poll = (key: string, holdMs: number) =>
    callRaw(harness.client(), "flovyn.v1.TaskExecution/PollTask", request, {
      ...{ key, metadata: { "flovyn-poll-hold-ms": String(holdMs) } },
    });
  const held = poll(workerKey, 60_000);
  const figures = () => harness.figures();
  await waitFor("the first to wait", async () => /^flovyn_gateway_parked_polls\S* 1$/m.test(await figures()));
  expect((await poll(workerKey, 60_000)).error).toMatchObject(refused);
  expect(await outcome(subscribe(workerKey))).toBeUndefined();
  expect((await poll(userKey, 0)).error).toBeUndefined();
  expect(await figures()).toMatch(
    /^flovyn_gateway_budget_refused_total\{budget="held_polls",scope="principal"[^}]*\} 1$/m,
  );
  await harness.gateway.stop();
  expect((await held).error).toBeUndefined();
});
