/**
 * Goal: who may not come in is refused before the message is taken, and a message that comes too slowly ends its call.
 * Approach: a grpc-js server with the interceptor, and HTTP/2 written by hand in front of it.
 */

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { gzipSync } from "node:zlib";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { ActiveOrgs } from "@flovyn/runtime";
import { waitFor } from "@flovyn/testing";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { silentLog } from "../../test/silent-log.js";
import { type ChangedBudgets, testBudgets } from "../../test/test-budgets.js";
import type { CallFacts } from "../audit/auditor.js";
import { type Authenticate, invalidCredentials } from "../auth/authenticate.js";
import { answerTimeMs } from "../budgets/answer-time.js";
import type { Budgets } from "../budgets/budgets.js";
import { HandlingTurns } from "../budgets/handling-turns.js";
import { pieceBytes } from "../limits.js";
import { DeadlineWheel } from "../work/deadline-wheel.js";
import { Admission } from "./admission.js";
import { passRequest, passResponse } from "./identity.js";
import type { IncomingContext } from "./incoming-call.js";
import { messageLimits } from "./message-limits.js";
import { createStatusEdge } from "./status.js";

const path = "/flovyn.v1.WorkflowDispatch/StartWorkflow";
const alice = { orgId: "acme", principalType: "User", principalId: "alice" } as const;
/** May do nothing. */
const carol = { orgId: "acme", principalType: "User", principalId: "carol" } as const;
const cleanups: (() => void)[] = [];

function refuse(): never {
  throw new DomainError("Forbidden", "the key does not allow it", { reason: "NOT_ALLOWED" });
}

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Door {
  session: ClientHttp2Session;
  wheel: DeadlineWheel;
  clock: { aheadMs: number };
  budgets: Budgets;
  handled: (string | undefined)[];
  audited: CallFacts[];
  ended: string[];
}

interface DoorOptions {
  messageMs?: number;
  lingerMs?: number;
  /** The handler answers after this. */
  answered?: Promise<void>;
  answer?: Buffer;
  budgets?: ChangedBudgets;
}

async function open(authenticate: Authenticate, options: DoorOptions = {}): Promise<Door> {
  const { messageMs = 60_000, lingerMs = 60_000, answered, answer = Buffer.from("answer") } = options;
  const [handled, audited, ended]: [Door["handled"], CallFacts[], string[]] = [[], [], []];
  // Ahead of the real one once a test lets time pass.
  const clock = { aheadMs: 0 };
  const now = () => performance.now() + clock.aheadMs;
  const budgets = testBudgets(options.budgets);
  const context = {
    now,
    budgets,
    handling: new HandlingTurns(new ActiveOrgs(now)),
    wheel: new DeadlineWheel(now),
    statusEdge: createStatusEdge(silentLog),
    auditor: { ended: (facts: CallFacts) => audited.push(facts) },
    metrics: { rpc: (name: string) => ({ ended: (code: string) => ended.push(`${name} ${code}`) }) },
    authorize: Object.assign(refuse, {
      beforehand: ({ principalId }: Caller) => (principalId === carol.principalId ? refuse() : true),
    }),
  } as unknown as IncomingContext;
  const admission = new Admission({ authenticate, messageMs, lingerMs });
  const server = new Server({ "grpc.enable_channelz": 0, interceptors: [admission.interceptor(context)] });
  const method = (at: string) => ({
    call: {
      ...{ path: at, requestStream: false, responseStream: false },
      ...{ requestSerialize: passRequest, requestDeserialize: passRequest },
      ...{ responseSerialize: passResponse, responseDeserialize: passResponse },
    },
  });
  for (const at of [
    path,
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
  ]) {
    server.addService(method(at), {
      call: (call: Parameters<Admission["of"]>[0], send: (error: null, answer: Buffer) => void) => {
        handled.push(at === path ? admission.of(call).caller.principalId : undefined);
        void Promise.resolve(answered).then(() => send(null, answer));
      },
    });
  }
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = createServer((socket) => injector.injectConnection(socket));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const session = connect(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`);
  cleanups.push(() => {
    session.destroy();
    listener.close();
    context.wheel.stop();
  });
  return { session, wheel: context.wheel, clock, budgets, handled, audited, ended };
}

/** A call of which nothing but its head is sent. */
function head(session: ClientHttp2Session, key?: string, at = path, more: object = {}): ClientHttp2Stream {
  const stream = session.request({
    ...{ ":method": "POST", ":path": at, "content-type": "application/grpc", te: "trailers" },
    ...(key !== undefined && { authorization: key }),
    ...more,
  });
  stream.on("error", () => {});
  return stream;
}

function end(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve) => {
    const read = (headers: Record<string, unknown>) => {
      const code = headers["grpc-status"];
      if (code !== undefined) resolve(Number(code));
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.resume();
  });
}

const emptyMessage = Buffer.alloc(5);
const byKey: Authenticate = ({ authorization }) => {
  if (authorization === "alice") return alice;
  if (authorization === "carol") return carol;
  throw invalidCredentials();
};
const late: Authenticate = async (credentials) => {
  await new Promise((resolve) => setImmediate(resolve));
  return byKey(credentials);
};

describe.each([
  ["at once", byKey],
  ["later", late],
])("a credential that is known %s", (_name, authenticate) => {
  it("lets the call in, with its caller", async () => {
    const { session, handled } = await open(authenticate);
    const stream = head(session, "alice");
    stream.end(emptyMessage);
    expect([await end(stream), handled]).toEqual([status.OK, ["alice"]]);
  });

  it("of a caller that policies refuse ends the call before anything of the message has come, recorded once", async () => {
    const { session, handled, audited, ended } = await open(authenticate);
    expect(await end(head(session, "carol"))).toBe(status.PERMISSION_DENIED);
    expect([handled, ended]).toEqual([[], ["StartWorkflow PERMISSION_DENIED"]]);
    expect(audited).toMatchObject([{ caller: carol, action: "startWorkflow", resourceId: "" }]);
  });

  it("that is wrong ends the call before anything of the message has come", async () => {
    const { session, handled, audited, ended } = await open(authenticate);
    expect(await end(head(session, "bob"))).toBe(status.UNAUTHENTICATED);
    expect(await end(head(session))).toBe(status.UNAUTHENTICATED);
    expect(handled).toEqual([]);
    expect(ended).toEqual(["StartWorkflow UNAUTHENTICATED", "StartWorkflow UNAUTHENTICATED"]);
    expect(audited).toMatchObject([
      { action: "startWorkflow", caller: undefined, address: "127.0.0.1" },
      { action: "startWorkflow" },
    ]);
  });
});

describe("a message", () => {
  it.each([
    ["does not come", Buffer.alloc(0)],
    ["comes in part", Buffer.from([0, 0, 0, 0, 9, 1, 2])],
    ["does not end", emptyMessage],
  ])("that %s ends its call", async (_name, bytes) => {
    const { session, handled, ended } = await open(byKey, { messageMs: 50 });
    const stream = head(session, "alice");
    stream.write(bytes);
    expect(await end(stream)).toBe(status.DEADLINE_EXCEEDED);
    expect([handled, ended]).toEqual([[], ["StartWorkflow DEADLINE_EXCEEDED"]]);
  });

  it("that came in time may be answered later", async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { session, wheel, handled } = await open(byKey, { answered });
    const stream = head(session, "alice");
    stream.end(emptyMessage);
    await waitFor("the handler", () => handled.length === 1);
    // Nothing waits for the message any more that could end the call.
    expect(wheel.size).toBe(0);
    answer();
    expect(await end(stream)).toBe(status.OK);
  });

  it("that does not come ends its call alone, and the connection goes on", async () => {
    const { session } = await open(byKey, { messageMs: 500 });
    expect(await end(head(session, "alice"))).toBe(status.DEADLINE_EXCEEDED);
    const last = head(session, "alice");
    last.end(emptyMessage);
    expect(await end(last)).toBe(status.OK);
  });
});

describe("a caller that goes on after its call was ended", () => {
  it.each([
    ["refused", "bob", status.UNAUTHENTICATED],
    ["too slow", "alice", status.DEADLINE_EXCEEDED],
  ])("because it was %s is stopped, and may call again", async (_name, key, code) => {
    const { session } = await open(byKey, { messageMs: 500, lingerMs: 20 });
    const stream = head(session, key);
    const closed = new Promise((resolve) => stream.once("close", resolve));
    expect(await end(stream)).toBe(code);
    await closed;
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    const next = head(session, "alice");
    next.end(emptyMessage);
    expect(await end(next)).toBe(status.OK);
  });

  const twoMessages = Buffer.concat([emptyMessage, emptyMessage]);
  it.each([
    ["larger than it may be", Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), {}, status.RESOURCE_EXHAUSTED],
    ["sent twice", twoMessages, {}, status.UNIMPLEMENTED],
    ["packed in no known way", Buffer.from([1, 0, 0, 0, 0]), { "grpc-encoding": "x" }, status.UNIMPLEMENTED],
    ["late by its own deadline", Buffer.alloc(0), { "grpc-timeout": "1m" }, status.DEADLINE_EXCEEDED],
  ])("by the library, because its message is %s, is stopped", async (_name, bytes, more, code) => {
    for (const [key, at] of [
      [undefined, "/grpc.health.v1.Health/Check"],
      ["alice", path],
    ] as const) {
      const { session, wheel } = await open(byKey, { lingerMs: 20 });
      const stream = head(session, key, at, more);
      const closed = new Promise((resolve) => stream.once("close", resolve));
      stream.write(bytes);
      expect(await end(stream)).toBe(code);
      await closed;
      await waitFor("the wheel to be empty", () => wheel.size === 0);
    }
  });

  it("leaves nothing behind when it has ended its half itself", async () => {
    const { session, wheel } = await open(byKey, { messageMs: 60_000, lingerMs: 20 });
    const stream = head(session, "bob");
    stream.end(emptyMessage);
    expect(await end(stream)).toBe(status.UNAUTHENTICATED);
    await waitFor("the wheel to be empty", () => wheel.size === 0);
  });
});

describe("a caller that leaves while its key is looked at", () => {
  it("is not handled, and leaves nothing behind", async () => {
    let answer: () => void = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let looked = 0;
    const { session, wheel, handled, audited, ended } = await open(async () => {
      looked += 1;
      await asked;
      return alice;
    });
    const stream = head(session, "alice");
    stream.end(emptyMessage);
    const other = head(session, "alice");
    await waitFor("both keys to be looked at", () => looked === 2);
    stream.close(constants.NGHTTP2_CANCEL);
    // Answered after what was sent before it: the end of the first call has arrived.
    await new Promise((resolve) => session.ping(resolve));
    answer();
    other.end(emptyMessage);
    expect(await end(other)).toBe(status.OK);
    expect([handled, audited, ended, wheel.size]).toEqual([["alice"], [], [], 0]);
  });
});

describe("what calls take of the budgets", () => {
  const nothingTaken = ({ calls, request_bytes, answer_bytes }: Budgets) =>
    waitFor("all of it to be given back", () => calls.used + request_bytes.used + answer_bytes.used === 0);
  const packed = { "grpc-encoding": "gzip" };
  /** The frame of a compressed message, as gRPC has it. */
  const frame = (bytes: Buffer) => {
    const packedBytes = gzipSync(bytes);
    const size = Buffer.alloc(5);
    size.writeUInt8(1, 0);
    size.writeUInt32BE(packedBytes.byteLength, 1);
    return Buffer.concat([size, packedBytes]);
  };

  it("is given back when they end, however they end", async () => {
    const { session, budgets } = await open(byKey, { messageMs: 500, lingerMs: 20 });
    const answered = head(session, "alice");
    answered.end(emptyMessage);
    expect(await end(answered)).toBe(status.OK);
    expect(await end(head(session, "alice"))).toBe(status.DEADLINE_EXCEEDED);
    const left = head(session, "alice");
    left.write(Buffer.from([0, 0, 0, 0, 9, 1, 2]));
    await waitFor("the bytes to be counted", () => budgets.request_bytes.used > 0);
    left.close(constants.NGHTTP2_CANCEL);
    expect(await end(head(session, "bob"))).toBe(status.UNAUTHENTICATED);
    await nothingTaken(budgets);
  });

  it("bounds messages that do not end, by the bytes that have come", async () => {
    const { session, budgets } = await open(byKey, { lingerMs: 20, budgets: { request_bytes: { connection: 1000 } } });
    const part = (bytes: number) => Buffer.concat([Buffer.from([0, 0, 0, 0xff, 0]), Buffer.alloc(bytes)]);
    const first = head(session, "alice");
    first.write(part(600));
    await waitFor("the bytes to be counted", () => budgets.request_bytes.used === 605 + pieceBytes);
    const second = head(session, "alice");
    second.write(part(600));
    expect(await end(second)).toBe(status.RESOURCE_EXHAUSTED);
    first.close(constants.NGHTTP2_CANCEL);
    await nothingTaken(budgets);
    const third = head(session, "alice");
    third.end(emptyMessage);
    expect(await end(third)).toBe(status.OK);
  });

  it("counts a compressed message as the largest that it may become, and then as it is", async () => {
    const { bytes } = messageLimits("flovyn.v1.WorkflowDispatch", "StartWorkflow");
    const { session, budgets } = await open(byKey, {
      lingerMs: 20,
      budgets: { request_bytes: { connection: bytes + 100 } },
    });
    const first = head(session, "alice", path, packed);
    await waitFor("the call to be let in", () => budgets.request_bytes.used === bytes);
    const second = head(session, "alice", path, packed);
    expect(await end(second)).toBe(status.RESOURCE_EXHAUSTED);
    first.write(frame(Buffer.alloc(50)));
    await waitFor("the message to be unpacked", () => budgets.request_bytes.used === 50);
    const third = head(session, "alice", path, packed);
    third.end(frame(Buffer.alloc(0)));
    expect(await end(third)).toBe(status.OK);
    first.close(constants.NGHTTP2_CANCEL);
    await nothingTaken(budgets);
  });

  it("refuses a compressed message that becomes too large while it is unpacked", async () => {
    const { bytes } = messageLimits("flovyn.v1.WorkflowDispatch", "StartWorkflow");
    const { session, handled } = await open(byKey);
    const stream = head(session, "alice", path, packed);
    stream.end(frame(Buffer.alloc(bytes + 1)));
    expect([await end(stream), handled]).toEqual([status.RESOURCE_EXHAUSTED, []]);
  });

  it("bounds answers that are not read, and ends them after their time", async () => {
    const answer = Buffer.alloc(1_000_000);
    const { session, wheel, clock, budgets } = await open(byKey, {
      answer,
      lingerMs: 20,
      budgets: { answer_bytes: { connection: 1_500_000 } },
    });
    const unread = head(session, "alice");
    unread.pause().end(emptyMessage);
    await waitFor("the answer to be sent", () => budgets.answer_bytes.used === answer.byteLength);
    const second = head(session, "alice");
    second.end(emptyMessage);
    expect(await end(second)).toBe(status.RESOURCE_EXHAUSTED);
    const closed = new Promise((resolve) => unread.once("close", resolve));
    clock.aheadMs += answerTimeMs(answer.byteLength) - 1000;
    wheel.advance();
    expect(budgets.answer_bytes.used).toBe(answer.byteLength);
    clock.aheadMs += 2000;
    wheel.advance();
    unread.resume();
    await closed;
    expect(unread.rstCode).toBe(constants.NGHTTP2_CANCEL);
    await nothingTaken(budgets);
  });

  it("bounds the calls that are open", async () => {
    const { session, budgets } = await open(byKey, { lingerMs: 20, budgets: { calls: { principal: 1 } } });
    const first = head(session, "alice");
    await waitFor("the first to be let in", () => budgets.calls.used === 1);
    expect(await end(head(session, "alice"))).toBe(status.RESOURCE_EXHAUSTED);
    first.close(constants.NGHTTP2_CANCEL);
    await nothingTaken(budgets);
  });
});

describe("services beside ours", () => {
  it("health needs no key, and its message in time", async () => {
    const { session, handled } = await open(byKey, { messageMs: 1000 });
    const stream = head(session, undefined, "/grpc.health.v1.Health/Check");
    stream.end(emptyMessage);
    expect([await end(stream), handled]).toEqual([status.OK, [undefined]]);
    expect(await end(head(session, undefined, "/grpc.health.v1.Health/Check"))).toBe(status.DEADLINE_EXCEEDED);
  });

  it("any other needs a key that may see the interface", async () => {
    const { session, handled, audited } = await open(byKey);
    const reflect = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    expect(await end(head(session, undefined, reflect))).toBe(status.UNAUTHENTICATED);
    expect(await end(head(session, "alice", reflect))).toBe(status.PERMISSION_DENIED);
    expect(handled).toEqual([]);
    expect(audited).toMatchObject([{ action: "viewApi" }, { action: "viewApi", caller: alice }]);
  });
});
