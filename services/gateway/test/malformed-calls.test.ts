/**
 * Goal: what is no call of gRPC, though the library would take it, is answered as the protocol says, and not carried out.
 * Approach: HTTP/2 written by hand, since libraries for clients would not send it.
 */
import { type ClientHttp2Session, connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { RecordAuditRequest } from "@flovyn/proto/internal";
import { GetStateKeysRequest } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { GatewayHarness, workerKey } from "./gateway-harness.js";

const operation = "flovyn.v1.TaskExecution/GetStateKeys";
const request = GetStateKeysRequest.encode({ taskExecutionId: "t" }).finish();
let harness: GatewayHarness;
let session: ClientHttp2Session;

beforeAll(async () => {
  harness = await GatewayHarness.start();
  harness.services.answer(operation, new Uint8Array(0));
  harness.services.answer("internal/RecordAudit", new Uint8Array(0));
});

afterAll(() => harness.stop());

beforeEach(() => {
  harness.services.requests.length = 0;
  session = connect(`http://127.0.0.1:${harness.gateway.ports.grpc}`);
});

afterEach(() => session.destroy());

function framed(flag: number, message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}

interface End {
  code: number;
  message: string;
  reason: string | undefined;
}

/** One call with these headers beside the usual ones, and this body. */
function call(more: Record<string, string>, body = framed(0, request)): Promise<End> {
  return new Promise((resolve) => {
    const usual = { ":method": "POST", ":path": `/${operation}`, "content-type": "application/grpc", te: "trailers" };
    const headers = { ...usual, authorization: `Bearer ${workerKey}`, ...more };
    const stream = session.request(headers, { endStream: false });
    stream.on("error", () => {});
    const read = (headers: Record<string, unknown>) => {
      if (headers["grpc-status"] === undefined) return;
      const message = decodeURIComponent(String(headers["grpc-message"] ?? ""));
      const reason = headers["flovyn-error-reason"] as string | undefined;
      resolve({ code: Number(headers["grpc-status"]), message, reason });
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.resume();
    stream.end(body);
  });
}

const asked = () => harness.services.of(operation);
const refused = (message: string | RegExp) => ({
  code: status.INTERNAL,
  message: typeof message === "string" ? message : expect.stringMatching(message),
  reason: "MALFORMED_CALL",
});

describe("a call", () => {
  it.each(["GET", "PUT", "DELETE", "OPTIONS", "post"])("by %s is refused", async (method) => {
    expect(await call({ ":method": method })).toEqual(refused(":method: must be POST"));
    expect(asked()).toEqual([]);
  });

  it.each(["", "S", "10", "10 S", "x5S", "123456789S", "1.5S", "-1S", "10s", "10SS", "٣S"])(
    "with the timeout %j is refused",
    async (timeout) => {
      const sent = Buffer.from(timeout).toString("latin1");
      expect(await call({ "grpc-timeout": sent })).toEqual(refused(/^grpc-timeout: must be 1 to 8 digits and one of /));
      expect(asked()).toEqual([]);
    },
  );

  it.each([
    ["99999999n", false],
    ["10S", true],
    ["1H", true],
    ["99999999S", true],
    ["99999999M", true],
    ["99999999H", true],
    ["597H", true],
  ])("has the time that it asks for: %s", async (timeout, isLong) => {
    const { code } = await call({ "grpc-timeout": timeout });
    if (!isLong) expect([status.OK, status.DEADLINE_EXCEEDED]).toContain(code);
    else expect([code, (asked()[0]?.timeoutMs ?? 0) > 9000]).toEqual([status.OK, true]);
  });

  it("that is refused so is recorded as a denied attempt", async () => {
    // A gateway of its own: of one caller only ten refusals in a minute are recorded one by one.
    const fresh = await GatewayHarness.start();
    onTestFinished(() => fresh.stop());
    fresh.services.answer("internal/RecordAudit", new Uint8Array(0));
    session.destroy();
    session = connect(`http://127.0.0.1:${fresh.gateway.ports.grpc}`);
    await call({ ":method": "PATCH" });
    const recorded = () =>
      fresh.services.of("internal/RecordAudit").flatMap(({ payload }) => RecordAuditRequest.decode(payload).entries);
    await waitFor("it to be recorded", () => recorded().some(({ reason }) => reason === "MALFORMED_CALL"));
  });
});

describe("a message", () => {
  it.each([
    [1, {}, "request: is compressed, but grpc-encoding does not say how"],
    [1, { "grpc-encoding": "identity" }, "request: is compressed, but grpc-encoding does not say how"],
    [2, {}, "request: has the unknown flag 2"],
    [255, { "grpc-encoding": "gzip" }, "request: has the unknown flag 255"],
  ])("with the flag %i and %j is refused", async (flag, headers, message) => {
    expect(await call(headers, framed(flag, request))).toEqual(refused(message));
    expect(asked()).toEqual([]);
  });

  it.each([
    ["not compressed", 0, {}, request],
    ["not compressed, where others may be", 0, { "grpc-encoding": "gzip" }, request],
    ["compressed", 1, { "grpc-encoding": "gzip" }, gzipSync(request)],
  ])("is taken that is %s", async (_what, flag, headers, message) => {
    expect(await call(headers as Record<string, string>, framed(flag, message))).toMatchObject({ code: status.OK });
    expect(asked()).toHaveLength(1);
  });

  it.each(["/grpc.health.v1.Health/Check"])("with an unknown flag is refused without a key as well: %s", async (at) => {
    const end = await call({ ":path": at, authorization: "" }, framed(7, new Uint8Array(0)));
    expect(end).toEqual(refused("request: has the unknown flag 7"));
  });
});
