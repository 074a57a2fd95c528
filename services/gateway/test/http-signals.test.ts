// Goal: signals, state and queries reach dispatch with their values byte for byte, and answers keep theirs.
import { DomainError, partitionOf } from "@flovyn/domain";
import { GetWorkflowStateRequest, GetWorkflowStateResponse } from "@flovyn/proto/internal";
import {
  QueryWorkflowRequest,
  QueryWorkflowResponse,
  SignalWithStartWorkflowRequest,
  SignalWithStartWorkflowResponse,
  SignalWorkflowRequest,
  SignalWorkflowResponse,
} from "@flovyn/proto/v1";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GatewayHarness, org } from "./gateway-harness.js";
import { answerOrgs } from "./known-orgs.js";

const id = "0190a5c0-0000-7000-8000-00000000000a";
const base = "/api/orgs/acme/workflow-executions";
const signal = "flovyn.v1.WorkflowDispatch/SignalWorkflow";
const signalWithStart = "flovyn.v1.WorkflowDispatch/SignalWithStartWorkflow";
const query = "flovyn.v1.WorkflowQuery/QueryWorkflow";
/** What JSON.parse and JSON.stringify would change. */
const hardPayload =
  '{ "big": 9007199254740993, "float": 1.0, "nul": "\\u0000", "lone": "\\ud800", "dup": 1, "dup": 2 }';

let harness: GatewayHarness;

beforeAll(async () => {
  harness = await GatewayHarness.start();
});

afterAll(() => harness.stop());

beforeEach(() => {
  const { services } = harness;
  services.requests.length = 0;
  answerOrgs(services);
  services.answer(
    signal,
    SignalWorkflowResponse.encode({ signalEventSequence: 7, duplicate: false, woke: true }).finish(),
  );
  answerSignalWithStart(true);
});

function answerSignalWithStart(workflowCreated: boolean): void {
  const answer = { workflowExecutionId: id, workflowCreated, signalEventSequence: 2, duplicate: false, woke: false };
  harness.services.answer(signalWithStart, SignalWithStartWorkflowResponse.encode(answer).finish());
}

const post = (path: string, body: string) => harness.fetch(`${base}${path}`, { method: "POST", body });

function asked<Message>(operation: string, codec: { decode(bytes: Uint8Array): Message }): Message[] {
  return harness.services.of(operation).map(({ payload }) => codec.decode(payload));
}

describe("signals", () => {
  it("are sent with their value byte for byte", async () => {
    const response = await post(
      `/${id}/signal`,
      `{"signalName":"order:paid","signalValue": ${hardPayload} ,"signalId":"s/1"}`,
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ signaled: true, signalEventSequence: 7, duplicate: false, woke: true });
    const [request] = asked(signal, SignalWorkflowRequest);
    expect(request?.signalValue.toString()).toBe(hardPayload);
    expect(request).toMatchObject({
      orgId: org.id,
      workflowExecutionId: id,
      signalName: "order:paid",
      signalId: "s/1",
    });
  });

  it("carry null when no value is given, and no id", async () => {
    await post(`/${id}/signal`, '{"signalName":"go"}');
    await post(`/${id}/signal`, '{"signalName":"go","signalValue":null,"signalId":null}');
    const requests = asked(signal, SignalWorkflowRequest);
    expect(requests.map(({ signalValue }) => signalValue.toString())).toEqual(["null", "null"]);
    expect(requests.map(({ signalId }) => signalId)).toEqual([undefined, undefined]);
  });

  it.each([
    ["signalName", "{}"],
    ["signalName", '{"signalName":" "}'],
    ["signalName", '{"signalName":5}'],
    ["signalName", `{"signalName":"${"n".repeat(256)}"}`],
    ["signalId", '{"signalName":"go","signalId":""}'],
    ["signalId", `{"signalName":"go","signalId":"${"i".repeat(256)}"}`],
    ["body", ""],
  ])("are refused with a wrong %s", async (field, body) => {
    const response = await post(`/${id}/signal`, body);
    expect(await response.json()).toMatchObject({ status: 400, code: "InvalidInput", field });
    expect(asked(signal, SignalWorkflowRequest)).toEqual([]);
  });

  it("are refused to a bad id, and with a value that is too large, with the limit", async () => {
    expect(await (await post("/nonsense/signal", '{"signalName":"go"}')).json()).toMatchObject({
      status: 400,
      field: "id",
      reason: "INVALID_UUID",
    });
    const large = await post(`/${id}/signal`, `{"signalName":"go","signalValue":"${"x".repeat(1024 * 1024)}"}`);
    expect(await large.json()).toMatchObject({
      status: 413,
      field: "signalValue",
      detail: expect.stringContaining(String(1024 * 1024)),
    });
  });

  it("pass on what dispatch refuses", async () => {
    harness.services.fail(signal, new DomainError("WrongState", "the workflow is COMPLETED", { reason: "NOT_ACTIVE" }));
    const ended = await post(`/${id}/signal`, '{"signalName":"go"}');
    expect(await ended.json()).toMatchObject({ status: 409, code: "WrongState", reason: "NOT_ACTIVE" });
    harness.services.fail(signal, new DomainError("LimitExceeded", "10000 signals"));
    const full = await post(`/${id}/signal`, '{"signalName":"go"}');
    expect([full.status, full.headers.get("retry-after")]).toEqual([429, "1"]);
  });
});

describe("signal with start", () => {
  it("starts an execution and tells where it is", async () => {
    const response = await post(
      "/signal-with-start",
      `{"workflowId":"cart-1","workflowKind":"cart","workflowInput":${hardPayload},"signalName":"add","signalValue":1.0,
        "queue":"fast","prioritySeconds":10,"version":"2","metadata":{"team":"a"},"idempotencyKeyTTL":"2d","signalId":"s"}`,
    );
    expect(response.status).toBe(201);
    const partition = partitionOf(id);
    expect(await response.json()).toEqual({
      workflowExecutionId: id,
      executionId: `{fp:${partition}}:${id}`,
      partition,
      links: { self: `${base}/${id}`, events: `${base}/${id}/events` },
      workflowCreated: true,
      signalEventSequence: 2,
      duplicate: false,
      woke: false,
    });
    const [request] = asked(signalWithStart, SignalWithStartWorkflowRequest);
    expect(request?.workflowInput.toString()).toBe(hardPayload);
    expect(request?.signalValue.toString()).toBe("1.0");
    expect(request).toMatchObject({
      orgId: org.id,
      workflowId: "cart-1",
      workflowKind: "cart",
      queue: "fast",
      prioritySeconds: 10,
      workflowVersion: "2",
      metadata: { team: "a" },
      signalName: "add",
      signalId: "s",
      idempotencyKeyTtlSeconds: 172_800,
    });
  });

  it("answers 200 when the execution lived already, and takes the names of a start", async () => {
    answerSignalWithStart(false);
    const response = await post(
      "/signal-with-start",
      '{"workflowId":"c","kind":"cart","input":[1.0],"signalName":"add"}',
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ workflowExecutionId: id, workflowCreated: false });
    const [request] = asked(signalWithStart, SignalWithStartWorkflowRequest);
    expect(request?.workflowInput.toString()).toBe("[1.0]");
    expect(request).toMatchObject({ workflowKind: "cart", queue: "default", prioritySeconds: 0 });
    expect(request?.idempotencyKeyTtlSeconds).toBeUndefined();
    await post("/signal-with-start", '{"workflowId":"c","kind":"cart","signalName":"add"}');
    const second = asked(signalWithStart, SignalWithStartWorkflowRequest)[1];
    expect([second?.workflowInput.toString(), second?.signalValue.toString()]).toEqual(["{}", "null"]);
  });

  it.each([
    ["workflowId", '{"kind":"k","signalName":"go"}'],
    ["workflowId", '{"kind":"k","signalName":"go","workflowId":" "}'],
    ["workflowKind", '{"signalName":"go","workflowId":"w"}'],
    ["kind", '{"kind":" ","signalName":"go","workflowId":"w"}'],
    ["kind", '{"kind":"k","workflowKind":"k","signalName":"go","workflowId":"w"}'],
    ["input", '{"kind":"k","input":1,"workflowInput":1,"signalName":"go","workflowId":"w"}'],
    ["signalName", '{"kind":"k","workflowId":"w"}'],
    ["queue", '{"kind":"k","workflowId":"w","signalName":"go","queue":" q"}'],
    ["prioritySeconds", '{"kind":"k","workflowId":"w","signalName":"go","prioritySeconds":100000}'],
    ["idempotencyKeyTTL", '{"kind":"k","workflowId":"w","signalName":"go","idempotencyKeyTTL":"31d"}'],
    ["metadata", '{"kind":"k","workflowId":"w","signalName":"go","metadata":{"_flovyn_a":"1"}}'],
  ])("refuses a wrong %s by name", async (field, body) => {
    const response = await post("/signal-with-start", body);
    expect(await response.json()).toMatchObject({ status: 400, code: "InvalidInput", field });
    expect(asked(signalWithStart, SignalWithStartWorkflowRequest)).toEqual([]);
  });
});

describe("state and queries", () => {
  it("shows the state with its values byte for byte, under any key", async () => {
    const entries = [
      { key: "cart", value: Buffer.from(hardPayload) },
      { key: '__proto__"', value: Buffer.from("1.0") },
      { key: "", value: Buffer.alloc(0) },
    ];
    harness.services.answer("internal/GetWorkflowState", GetWorkflowStateResponse.encode({ entries }).finish());
    const response = await harness.fetch(`${base}/${id}/state`);
    expect(await response.text()).toBe(`{"state":{"cart":${hardPayload},"__proto__\\"":1.0,"":null}}`);
    expect(asked("internal/GetWorkflowState", GetWorkflowStateRequest)).toEqual([{ workflowExecutionId: id }]);
    harness.services.answer("internal/GetWorkflowState", new Uint8Array());
    expect(await (await harness.fetch(`${base}/${id}/state`)).text()).toBe('{"state":{}}');
  });

  it("queries with parameters and result byte for byte", async () => {
    harness.services.answer(query, QueryWorkflowResponse.encode({ result: Buffer.from(hardPayload) }).finish());
    const response = await post(`/${id}/query`, `{"queryName":"cart","params":${hardPayload}}`);
    expect(await response.text()).toBe(`{"result":${hardPayload},"error":null}`);
    await post(`/${id}/query`, '{"queryName":"__state"}');
    const requests = asked(query, QueryWorkflowRequest);
    expect(requests.map(({ params }) => params.toString())).toEqual([hardPayload, "null"]);
    expect(requests.map(({ queryName }) => queryName)).toEqual(["cart", "__state"]);
  });

  it("answers a query that has no result with the reason", async () => {
    const answer = QueryWorkflowResponse.fromPartial({ error: "there is no such query" });
    harness.services.answer(query, QueryWorkflowResponse.encode(answer).finish());
    const response = await post(`/${id}/query`, '{"queryName":"none"}');
    expect([response.status, await response.json()]).toEqual([200, { result: null, error: "there is no such query" }]);
    expect(await (await post(`/${id}/query`, '{"queryName":""}')).json()).toMatchObject({
      status: 400,
      field: "queryName",
    });
  });
});
