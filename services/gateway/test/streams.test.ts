import { endedSubject, workSubject } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import { EndedHint, WorkersSeenRequest } from "@flovyn/proto/internal";
import { SubscriptionRequest, WorkAvailableEvent, WorkerHeartbeatRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { type Client, type ClientReadableStream, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CallOptions, callRaw, GatewayHarness, metadataOf, org, otherOrg } from "./gateway-harness.js";

const awaitResult = "flovyn.ext.v1.WorkflowClient/AwaitResult";
/** Of the worker key. */
const principal = "Worker/worker:test";
const workflowId = "0190a5c0-0000-7000-8000-00000000000a";

let harness: GatewayHarness;
let client: Client;

beforeEach(async () => {
  harness = await GatewayHarness.start();
  client = harness.client();
});

afterEach(() => harness.stop());

interface Notifications {
  call: ClientReadableStream<Buffer>;
  events: WorkAvailableEvent[];
  ready: boolean;
  end: "open" | "ended" | ServiceError;
}

function subscribe(from: Client, change: Partial<SubscriptionRequest> = {}, options: CallOptions = {}): Notifications {
  const request = SubscriptionRequest.fromPartial({ workerId: "w", orgId: org.id, queue: "default", ...change });
  const call = from.makeServerStreamRequest(
    "/flovyn.v1.WorkflowDispatch/SubscribeToNotifications",
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes,
    Buffer.from(SubscriptionRequest.encode(request).finish()),
    metadataOf(options),
  );
  const seen: Notifications = { call, events: [], ready: false, end: "open" };
  call.on("metadata", () => {
    seen.ready = true;
  });
  call.on("data", (bytes: Buffer) => seen.events.push(WorkAvailableEvent.decode(bytes)));
  call.on("end", () => {
    if (seen.end === "open") seen.end = "ended";
  });
  call.on("error", (error) => {
    seen.end = error as ServiceError;
  });
  return seen;
}

const hint = (kind: "workflow" | "task", queue = "default") =>
  harness.services.bus.hint(workSubject(kind, org.id, queue), new Uint8Array());

const reports = () =>
  harness.services.of("internal/WorkersSeen").flatMap(({ payload }) => WorkersSeenRequest.decode(payload).workers);

describe("notifications", () => {
  it("tells about work of both kinds on the queue, few times for many hints, and stays open", async () => {
    const seen = subscribe(client);
    await waitFor("the headers", () => seen.ready);
    hint("workflow");
    await waitFor("the first event", () => seen.events.length === 1);
    expect(seen.events[0]).toMatchObject({ orgId: org.id, queue: "default" });
    for (let index = 0; index < 1000; index++) hint(index % 2 === 0 ? "workflow" : "task");
    hint("task", "other");
    await waitFor("the event after the gap", () => seen.events.length > 1);
    const before = seen.events.length;
    hint("task");
    await waitFor("one more event", () => seen.events.length > before);
    // One for each gap that a busy machine takes for it.
    expect(seen.events.length).toBeLessThan(50);
    expect(seen.end).toBe("open");
    seen.call.cancel();
  });

  it.each([
    ["org_id", { orgId: otherOrg.id }, {}, status.PERMISSION_DENIED],
    ["queue", { queue: " " }, {}, status.INVALID_ARGUMENT],
    ["worker_id", { workerId: "" }, { "flovyn-worker-session": "true" }, status.INVALID_ARGUMENT],
    ["flovyn-worker-session", {}, { "flovyn-worker-session": "1" }, status.INVALID_ARGUMENT],
  ])("refuses a wrong %s", async (field, change, metadata, code) => {
    const seen = subscribe(client, change, { metadata: metadata as Record<string, string> });
    await waitFor("the refusal", () => seen.end !== "open");
    expect(seen.end).toMatchObject({ code });
    expect((seen.end as ServiceError).details).toContain(field);
  });

  it("ends with OK when the gateway goes away, and calls no worker lost", async () => {
    const seen = subscribe(client, {}, { metadata: { "flovyn-worker-session": "true" } });
    await waitFor("the headers", () => seen.ready);
    await harness.gateway.stop();
    await waitFor("the end", () => seen.end !== "open");
    expect(seen.end).toBe("ended");
    expect(reports().some(({ lost }) => lost)).toBe(false);
  });
});

describe("presence", () => {
  it("reports a session worker at once when it comes and when its last stream breaks", async () => {
    const session = { metadata: { "flovyn-worker-session": "true" } };
    const first = subscribe(client, { workerId: "session" }, session);
    const second = subscribe(client, { workerId: "session", queue: "other" }, session);
    await waitFor("the headers", () => first.ready && second.ready);
    await waitFor("the report", () => reports().length > 0);
    expect(reports().every(({ lost }) => !lost)).toBe(true);
    first.call.cancel();
    const quiet = subscribe(client, { workerId: "no session" });
    await waitFor("a later stream to be open", () => quiet.ready);
    expect(reports().some(({ lost }) => lost)).toBe(false);
    client.close();
    second.call.cancel();
    await waitFor("the loss", () => reports().some(({ lost }) => lost));
    expect(reports().filter(({ lost }) => lost)).toEqual([
      { orgId: org.id, principal, workerId: "session", lost: true, session: true },
    ]);
  });

  it("reports workers by heartbeat and by the calls of their connection when it stops", async () => {
    const path = "flovyn.v1.WorkerLifecycle/SendHeartbeat";
    harness.services.answer(path, new Uint8Array());
    const bytes = WorkerHeartbeatRequest.encode(WorkerHeartbeatRequest.fromPartial({ workerId: "uuid" })).finish();
    expect((await callRaw(client, path, bytes)).error).toBeUndefined();
    harness.services.fail(path, new DomainError("NotFound", "there is no such worker"));
    const unknown = WorkerHeartbeatRequest.encode(WorkerHeartbeatRequest.fromPartial({ workerId: "gone" })).finish();
    expect((await callRaw(client, path, unknown)).error?.code).toBe(status.NOT_FOUND);
    await harness.gateway.stop();
    // Each five seconds they are reported anyway, and a busy machine may take as long.
    const told = new Set(reports().map((report) => JSON.stringify(report)));
    expect([...told]).toEqual([
      JSON.stringify({ orgId: org.id, workerId: "uuid", lost: false, session: false, principal }),
    ]);
  });
});

describe("AwaitResult", () => {
  let state: AwaitResultResponse;

  beforeEach(() => {
    state = AwaitResultResponse.fromPartial({ status: "RUNNING" });
    harness.services.answer(awaitResult, () => AwaitResultResponse.encode(state).finish());
  });

  const waitForResult = (id: string, holdMs: number) =>
    callRaw(client, awaitResult, AwaitResultRequest.encode({ workflowExecutionId: id, holdMs }).finish());
  const asked = () => harness.services.of(awaitResult).length;
  const ended = (...ids: string[]) =>
    harness.services.bus.hint(endedSubject(org.id), EndedHint.encode({ workflowExecutionIds: ids }).finish());

  it("answers at once when the execution is terminal", async () => {
    state = AwaitResultResponse.fromPartial({ status: "COMPLETED", output: Buffer.from("9007199254740993") });
    const { answer } = await waitForResult(workflowId, 60_000);
    expect(AwaitResultResponse.decode(answer ?? Buffer.alloc(0))).toEqual(state);
  });

  it("answers when a hint names the execution, in whatever form its id was given", async () => {
    const results = [waitForResult(workflowId, 60_000), waitForResult(`{fp:24}:${workflowId.toUpperCase()}`, 60_000)];
    await waitFor("the questions", () => asked() >= 2);
    ended("0190a5c0-0000-7000-8000-00000000000b");
    await harness.services.bus.flush();
    state = AwaitResultResponse.fromPartial({ status: "FAILED", error: "out of stock" });
    ended("0190a5c0-0000-7000-8000-00000000000b", workflowId);
    for (const { answer } of await Promise.all(results)) {
      expect(AwaitResultResponse.decode(answer ?? Buffer.alloc(0))).toEqual(state);
    }
  });

  it("asks again without a hint, and outlives a service that is away for a moment", async () => {
    const result = waitForResult(workflowId, 60_000);
    await waitFor("the question", () => asked() >= 1);
    await harness.services.bus.flush();
    const before = asked();
    harness.services.fail(awaitResult, new DomainError("Unavailable", "dispatch is away"));
    await waitFor("a question during the outage", () => asked() > before);
    state = AwaitResultResponse.fromPartial({ status: "CANCELLED", error: "by hand" });
    harness.services.answer(awaitResult, () => AwaitResultResponse.encode(state).finish());
    expect(AwaitResultResponse.decode((await result).answer ?? Buffer.alloc(0))).toEqual(state);
  });

  it("answers with the status reached so far when the time is up, or the gateway goes away", async () => {
    const short = await waitForResult(workflowId, 20);
    expect(AwaitResultResponse.decode(short.answer ?? Buffer.alloc(0)).status).toBe("RUNNING");
    const long = waitForResult(workflowId, 60_000);
    await waitFor("the question", () => asked() >= 3);
    await harness.gateway.stop();
    expect(AwaitResultResponse.decode((await long).answer ?? Buffer.alloc(0)).status).toBe("RUNNING");
  });

  it("refuses wrong requests by name and passes errors on", async () => {
    expect((await waitForResult("nonsense", 0)).error?.details).toContain("workflow_execution_id");
    expect((await waitForResult(workflowId, 60_001)).error?.details).toContain("hold_ms");
    harness.services.fail(awaitResult, new DomainError("NotFound", "there is no such execution"));
    expect((await waitForResult(workflowId, 60_000)).error?.code).toBe(status.NOT_FOUND);
  });
});
