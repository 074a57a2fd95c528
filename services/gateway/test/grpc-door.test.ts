import { DomainError, type ErrorCode, errorCodes } from "@flovyn/domain";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import {
  GetEventsRequest,
  GetStateRequest,
  GetVisualWorkflowDefinitionByIdRequest,
  QueryWorkflowRequest,
  StartWorkflowRequest,
} from "@flovyn/proto/v1";
import { requestShape } from "@flovyn/proto/wire";
import { grpcStatusOf } from "@flovyn/runtime";
import { type Client, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../src/grpc/routes.js";
import {
  callAnyShape,
  callRaw,
  GatewayHarness,
  org,
  otherKey,
  otherOrg,
  testConfig,
  userKey,
} from "./gateway-harness.js";

const rpcs = [...publishedRpcs, ...extensionRpcs];

let harness: GatewayHarness;
let client: Client;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  client = harness.client();
});

afterAll(() => harness.stop());

describe("route table", () => {
  it("has one entry for each RPC of the public protocols, in its shape, and no other", () => {
    const wanted = rpcs.map(({ operation, requestStream, responseStream }) => [
      operation,
      requestStream ? (responseStream ? "bidi" : "client-stream") : responseStream ? "server-stream" : "unary",
    ]);
    expect(routes.map(({ path, shape }) => [path, shape]).sort()).toEqual(wanted.sort());
    expect(publishedRpcs).toHaveLength(51);
  });
});

describe("authentication of every RPC", () => {
  it.each(rpcs.map((rpc) => [rpc.operation, rpc] as const))(
    "%s refuses callers without a valid key",
    async (_name, rpc) => {
      const before = harness.services.requests.length;
      const missing = await callAnyShape(client, rpc, { key: "" });
      expect(missing.error?.code).toBe(status.UNAUTHENTICATED);
      expect(missing.error?.metadata.get("flovyn-error-reason")).toEqual(["MISSING_CREDENTIALS"]);
      const wrong = await callAnyShape(client, rpc, { key: "flovyn_wk_test_wrong" });
      expect(wrong.error?.code).toBe(status.UNAUTHENTICATED);
      expect(wrong.error?.details).toBe("the key is not valid");
      expect(harness.services.requests.slice(before).filter(({ operation }) => operation === rpc.operation)).toEqual(
        [],
      );
    },
  );

  it("does not hide RPCs that do not exist behind it", async () => {
    const { error } = await callRaw(client, "flovyn.v1.WorkflowDispatch/Nonsense", new Uint8Array(), { key: "" });
    expect(error?.code).toBe(status.UNIMPLEMENTED);
  });
});

describe("RPCs of later versions", () => {
  const later = rpcs.filter(({ operation }) =>
    routes.some((route) => route.path === operation && route.handling.type === "later"),
  );

  it("are those of agents, and at most spans and streams of tasks", () => {
    const others = later.filter(({ operation }) => !operation.startsWith("flovyn.v1.AgentDispatch/"));
    const known = ["ReportExecutionSpans", "StreamTaskData"];
    expect(others.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(later.map((rpc) => [rpc.name, rpc] as const))("%s names itself", async (name, rpc) => {
    const { error } = await callAnyShape(client, rpc, { key: userKey });
    expect(error?.code).toBe(status.UNIMPLEMENTED);
    expect(error?.details).toBe(`${name} is not implemented yet`);
  });
});

describe("a map with the key __proto__", () => {
  const withMap = rpcs.flatMap((rpc) => {
    const map = [...requestShape(rpc.operation).fields.values()].find((field) => field.map);
    return map === undefined ? [] : [[rpc.name, rpc, map] as const];
  });

  it.each(withMap)("is refused by %s, which could not keep it", async (_name, rpc, { number, name }) => {
    expect(number).toBeLessThan(16);
    const entry = Buffer.concat([Buffer.from([10, 9]), Buffer.from("__proto__"), Buffer.from([18, 1, 0x78])]);
    const request = Buffer.concat([Buffer.from([number * 8 + 2, entry.length]), entry]);
    const { error } = await callRaw(client, rpc.operation, request, { key: userKey });
    expect([error?.code, error?.details]).toEqual([
      status.INVALID_ARGUMENT,
      `${name}: must not have the key __proto__`,
    ]);
  });
});

describe("visual definitions", () => {
  it("are found under no id", async () => {
    const request = GetVisualWorkflowDefinitionByIdRequest.encode({ workflowDefinitionId: org.id }).finish();
    const { error } = await callRaw(client, "flovyn.v1.WorkflowDispatch/GetVisualWorkflowDefinitionById", request);
    expect(error?.code).toBe(status.NOT_FOUND);
    expect(error?.details).toBe("there is no such workflow definition");
  });
});

describe("forwarding", () => {
  const forwarded = routes.filter(({ handling }) => handling.type === "forward");

  it.each(forwarded.map((route) => [route.path, route.handling] as const))(
    "%s passes request and answer byte for byte",
    async (path) => {
      // Not a protobuf message at all: the gateway must not look into it.
      const request = Buffer.from([0xff, 0x00, 0x01, 0xfe, ...Buffer.from(path)]);
      const answer = Buffer.from([0x00, 0xff, 0x80, ...Buffer.from(path)]);
      harness.services.answer(path, answer);
      const end = await callRaw(client, path, request, { key: userKey });
      expect(end.error).toBeUndefined();
      expect(end.answer).toEqual(answer);
      const seen = harness.services.of(path).at(-1);
      expect(Buffer.from(seen?.payload ?? []).equals(request)).toBe(true);
      expect(seen?.caller).toEqual({ orgId: org.id, principalType: "User", principalId: "user:test", role: "OWNER" });
    },
  );

  it("passes claim epoch, trace context and the time left", async () => {
    const path = "flovyn.v1.WorkflowDispatch/SubmitWorkflowCommands";
    harness.services.answer(path, new Uint8Array());
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await callRaw(client, path, new Uint8Array(), {
      metadata: { "flovyn-claim-epoch": "42", traceparent },
      deadlineMs: 5000,
    });
    const seen = harness.services.of(path).at(-1);
    expect(seen).toMatchObject({ claimEpoch: 42, traceparent, caller: { principalType: "Worker" } });
    expect(seen?.timeoutMs).toBeLessThanOrEqual(5000);
    await callRaw(client, path, new Uint8Array());
    expect(harness.services.of(path).at(-1)).not.toHaveProperty("claimEpoch");
    const bad = await callRaw(client, path, new Uint8Array(), { metadata: { "flovyn-claim-epoch": "new" } });
    expect(bad.error).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(bad.error?.details).toContain("flovyn-claim-epoch");
  });

  it("scopes requests by the org of the key", async () => {
    const path = "flovyn.v1.WorkflowDispatch/StartWorkflow";
    harness.services.answer(path, new Uint8Array());
    await callRaw(client, path, StartWorkflowRequest.encode(StartWorkflowRequest.fromPartial({})).finish(), {
      key: otherKey,
    });
    expect(harness.services.of(path).at(-1)?.caller.orgId).toBe(otherOrg.id);
  });

  it("passes large requests and answers", async () => {
    const path = "flovyn.v1.WorkflowQuery/QueryWorkflow";
    const history = Buffer.alloc(50 * 1024 * 1024, 7);
    const params = Buffer.alloc(4_000_000, 1);
    const request = QueryWorkflowRequest.encode(QueryWorkflowRequest.fromPartial({ params })).finish();
    harness.services.answer(path, history);
    const end = await callRaw(client, path, request, { deadlineMs: 30_000 });
    expect(end.error).toBeUndefined();
    expect(end.answer?.equals(history)).toBe(true);
    expect(harness.services.of(path).at(-1)?.payload.byteLength).toBe(request.byteLength);
  });
});

describe("reads", () => {
  const path = "flovyn.v1.WorkflowDispatch/GetEvents";
  const request = GetEventsRequest.encode({ workflowExecutionId: "x" }).finish();
  const lost = new DomainError("Unavailable", "the replica was lost");

  it("are asked again while the service is Unavailable, with the identity and the id of the call", async () => {
    let tries = 0;
    harness.services.answer(path, () => {
      tries += 1;
      if (tries < 4) throw lost;
      return Buffer.from("history");
    });
    const before = harness.services.of(path).length;
    expect((await callRaw(client, path, request)).answer?.toString()).toBe("history");
    const asked = harness.services.of(path).slice(before);
    expect(asked).toHaveLength(4);
    expect(new Set(asked.map(({ requestId, caller }) => `${requestId} ${caller.orgId}`)).size).toBe(1);
  });

  it("are given up before the deadline of the caller, with the last answer", async () => {
    harness.services.fail(path, lost);
    const { error } = await callRaw(client, path, request, { deadlineMs: 1150 });
    expect(error).toMatchObject({ code: status.UNAVAILABLE, details: "the replica was lost" });
  });

  it("are not repeated after any other answer", async () => {
    harness.services.fail(path, new DomainError("Timeout", "no answer"));
    const before = harness.services.of(path).length;
    expect((await callRaw(client, path, request)).error?.code).toBe(status.DEADLINE_EXCEEDED);
    expect(harness.services.of(path)).toHaveLength(before + 1);
  });
});

describe("errors", () => {
  const path = "flovyn.v1.TaskExecution/GetState";
  const request = GetStateRequest.encode({ taskExecutionId: "x", key: "k" }).finish();

  it.each(errorCodes.map((code) => [code]))("%s becomes its status, with text and reason", async (code: ErrorCode) => {
    harness.services.fail(path, new DomainError(code, "kind: of trouble ü", { reason: "SOME_REASON" }));
    const { error } = await callRaw(client, path, request);
    expect(error?.code).toBe(grpcStatusOf(code));
    expect(error?.details).toBe("kind: of trouble ü");
    expect(error?.metadata.get("flovyn-error-reason")).toEqual(["SOME_REASON"]);
    expect(error?.metadata.get("flovyn-request-id")[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("tells nothing of a bug", async () => {
    harness.services.fail(path, new Error("select secret from worker_token"));
    const { error } = await callRaw(client, path, request);
    expect(error?.code).toBe(status.INTERNAL);
    expect(error?.details).not.toContain("secret");
  });

  it("survives text that cannot be sent as it is", async () => {
    harness.services.fail(path, new DomainError("InvalidInput", "kind: \ud800", { reason: "NOT A HEADER\n" }));
    const { error } = await callRaw(client, path, request);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: "kind: \ufffd" });
  });
});

describe("addresses", () => {
  it("answers on 127.0.0.1 and on ::1", async () => {
    const path = "flovyn.v1.TaskExecution/GetState";
    harness.services.answer(path, new Uint8Array());
    expect((await callRaw(harness.client("127.0.0.1"), path, new Uint8Array())).error).toBeUndefined();
    expect((await callRaw(harness.client("[::1]"), path, new Uint8Array())).error).toBeUndefined();
  });

  it("says which port is taken", async () => {
    const { grpc } = harness.gateway.ports;
    const clash = new GatewayHarness(testConfig({ grpc_server_port: grpc }));
    await expect(clash.gateway.start()).rejects.toThrow(`port ${grpc} (gRPC) is in use`);
    await clash.gateway.stop();
  });
});
