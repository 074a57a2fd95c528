import { workSubject } from "@flovyn/bus";
import { ClaimRequest, ClaimResponse, ReleaseRequest, WorkerKindsResponse } from "@flovyn/proto/internal";
import {
  PollRequest,
  PollResponse,
  PollTaskRequest,
  PollTaskResponse,
  WorkerRegistrationRequest,
  WorkerRegistrationResponse,
} from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { type Client, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CallOptions, callRaw, GatewayHarness, metadataOf, org, otherOrg } from "./gateway-harness.js";

const pollWorkflow = "flovyn.v1.WorkflowDispatch/PollWorkflow";
const pollTask = "flovyn.v1.TaskExecution/PollTask";
const claimWorkflows = "internal/ClaimWorkflows";

let harness: GatewayHarness;
let client: Client;
/** Responses that wait to be claimed. */
let work: Buffer[];

beforeEach(async () => {
  harness = await GatewayHarness.start();
  client = harness.client();
  work = [];
  for (const operation of [claimWorkflows, "internal/ClaimTasks"]) {
    harness.services.answer(operation, ({ payload }) => {
      const { pollers } = ClaimRequest.decode(payload);
      const items = work
        .splice(0, pollers.length)
        .map((response, index) => ({ id: `${index}`, claimEpoch: 3, response }));
      return ClaimResponse.encode({ items }).finish();
    });
  }
  answerKinds(false);
});

afterEach(() => harness.stop());

function answerKinds(registered: boolean, workflowKinds: string[] = [], taskKinds: string[] = []): void {
  harness.services.answer(
    "internal/WorkerKinds",
    WorkerKindsResponse.encode({ registered, workflowKinds, taskKinds }).finish(),
  );
}

function workflowPoll(change: Partial<PollRequest> = {}, options: CallOptions = {}) {
  const request = PollRequest.fromPartial({
    workerId: "worker-1",
    orgId: org.id,
    queue: "default",
    timeoutSeconds: 60,
    ...change,
  });
  return callRaw(client, pollWorkflow, PollRequest.encode(request).finish(), options);
}

const claims = (operation = claimWorkflows) =>
  harness.services.of(operation).map(({ payload }) => ClaimRequest.decode(payload));

async function parkedPolls(): Promise<number> {
  const text = await harness.figures();
  return Number(/^flovyn_gateway_parked_polls (\d+)$/m.exec(text)?.[1]);
}

describe("polls", () => {
  it("answers an empty poll with the sub-message unset, though the caller would wait a minute", async () => {
    const { answer, error } = await workflowPoll();
    expect(error).toBeUndefined();
    expect(answer).toHaveLength(0);
    expect(PollResponse.decode(answer ?? Buffer.alloc(1)).workflowExecution).toBeUndefined();
  });

  it("hands out what was claimed, byte for byte", async () => {
    const response = PollTaskResponse.encode(
      PollTaskResponse.fromPartial({ task: { taskExecutionId: "t", input: Buffer.from("9007199254740993") } }),
    ).finish();
    work = [Buffer.from(response)];
    const request = PollTaskRequest.fromPartial({ workerId: "w", orgId: org.id, queue: "q", timeoutSeconds: 30 });
    const { answer } = await callRaw(client, pollTask, PollTaskRequest.encode(request).finish(), {
      metadata: { "flovyn-lease-ms": "15000" },
    });
    expect(answer?.equals(Buffer.from(response))).toBe(true);
    expect(harness.services.of("internal/ReleaseTasks")).toEqual([]);
    expect(claims("internal/ClaimTasks")[0]).toEqual({
      orgId: org.id,
      queue: "q",
      kinds: [],
      pollers: [{ workerId: "w", principal: "Worker/worker:test", leaseMs: 15_000 }],
    });
  });

  it("wakes polls that opted into waiting by the hint of their queue", async () => {
    const polls = Array.from({ length: 20 }, (_, index) =>
      workflowPoll({ workerId: `worker-${index}` }, { metadata: { "flovyn-poll-hold-ms": "30000" } }),
    );
    await waitFor("all polls to wait", async () => (await parkedPolls()) === 20 && claims().length >= 2);
    await harness.services.bus.flush();
    work = Array.from({ length: 20 }, (_, index) => Buffer.from(`item ${index}`));
    harness.services.bus.hint(workSubject("workflow", org.id, "default"), new Uint8Array());
    const answers = (await Promise.all(polls)).map(({ answer }) => answer?.toString());
    expect(answers.sort()).toEqual(Array.from({ length: 20 }, (_, index) => `item ${index}`).sort());
  });

  it("claims only kinds that are named, or that the worker registered", async () => {
    await workflowPoll({ workflowCapabilities: ["b", "a", "b"] });
    expect(claims().at(-1)?.kinds).toEqual(["a", "b"]);
    answerKinds(true, ["order"], ["charge"]);
    await workflowPoll({ workerId: "registered" });
    expect(claims().at(-1)?.kinds).toEqual(["order"]);
    answerKinds(true, [], ["charge"]);
    await workflowPoll({ workerId: "tasks only", queue: "other" });
    expect(claims().at(-1)).toMatchObject({ queue: "other", kinds: [] });
  });

  it("asks for the kinds of a worker once, and again when it registers anew", async () => {
    answerKinds(true, ["order"]);
    for (let round = 0; round < 5; round++) await workflowPoll({ workerId: "worker-uuid" });
    expect(harness.services.of("internal/WorkerKinds")).toHaveLength(1);
    const path = "flovyn.v1.WorkerLifecycle/RegisterWorker";
    const answer = WorkerRegistrationResponse.encode(
      WorkerRegistrationResponse.fromPartial({ workerId: "worker-uuid", success: true }),
    ).finish();
    harness.services.answer(path, answer);
    const registration = WorkerRegistrationRequest.fromPartial({ workerName: "worker-name", orgId: org.id });
    const end = await callRaw(client, path, WorkerRegistrationRequest.encode(registration).finish());
    expect(end.answer?.equals(Buffer.from(answer))).toBe(true);
    answerKinds(true, ["order", "refund"]);
    await workflowPoll({ workerId: "worker-uuid" });
    expect(claims().at(-1)?.kinds).toEqual(["order", "refund"]);
  });

  it("gives back what was claimed for a call that was cancelled meanwhile", async () => {
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    harness.services.answer(claimWorkflows, async () => {
      await finished;
      return ClaimResponse.encode({ items: [{ id: "late", claimEpoch: 9, response: Buffer.from("x") }] }).finish();
    });
    harness.services.answer("internal/ReleaseWorkflows", new Uint8Array());
    const request = PollRequest.fromPartial({ workerId: "w", orgId: org.id, queue: "default", timeoutSeconds: 60 });
    const pass = (bytes: Buffer) => bytes;
    const bytes = Buffer.from(PollRequest.encode(request).finish());
    const call = client.makeUnaryRequest(`/${pollWorkflow}`, pass, pass, bytes, metadataOf({}), () => {});
    await waitFor("the claim", () => claims()[0]);
    call.cancel();
    // The server has seen the cancellation once it answers a later call on the same connection.
    await workflowPoll({ queue: "" });
    finish();
    await waitFor("the release", () => harness.services.of("internal/ReleaseWorkflows")[0]);
    const released = harness.services.of("internal/ReleaseWorkflows")[0];
    expect(ReleaseRequest.decode(released?.payload ?? Buffer.alloc(0)).items).toEqual([{ id: "late", claimEpoch: 9 }]);
  });

  it.each([
    ["org_id", { orgId: otherOrg.id }, {}, status.PERMISSION_DENIED],
    ["org_id", { orgId: "acme" }, {}, status.INVALID_ARGUMENT],
    ["workflow_capabilities", { workflowCapabilities: ["\0"] }, {}, status.INVALID_ARGUMENT],
    ["queue", { queue: "" }, {}, status.INVALID_ARGUMENT],
    ["queue", { queue: "  " }, {}, status.INVALID_ARGUMENT],
    ["queue", { queue: "q".repeat(101) }, {}, status.INVALID_ARGUMENT],
    ["worker_id", { workerId: "w".repeat(256) }, {}, status.INVALID_ARGUMENT],
    ["timeout_seconds", { timeoutSeconds: -1 }, {}, status.INVALID_ARGUMENT],
    ["worker_pool_id", { workerPoolId: "pool" }, {}, status.UNIMPLEMENTED],
    ["flovyn-poll-hold-ms", {}, { "flovyn-poll-hold-ms": "-1" }, status.INVALID_ARGUMENT],
    ["flovyn-lease-ms", {}, { "flovyn-lease-ms": "1" }, status.INVALID_ARGUMENT],
  ])("refuses a wrong %s by name and claims nothing", async (field, change, metadata, code) => {
    const { error } = await workflowPoll(change, { metadata: metadata as Record<string, string> });
    expect(error?.code).toBe(code);
    expect(error?.details).toContain(field);
    expect(claims()).toHaveLength(0);
  });

  it("refuses bytes that are no poll", async () => {
    const { error } = await callRaw(client, pollTask, Buffer.from([0x0a, 0xff]));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: "the request is not a PollTaskRequest" });
  });
});
