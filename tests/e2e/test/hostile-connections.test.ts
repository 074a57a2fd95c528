/**
 * Goal: below the calls that a client can make, nothing that arrives at the gRPC door breaks it, holds a connection, gets
 * past the check of keys, or brings something internal out. Approach: 4,000 calls with heads and framing that are wrong and
 * 1,000 connections with wrong bytes, from a seed; then the same cluster runs a workflow. FLOVYN_HOSTILE_SEED gives another
 * run.
 */
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectTcp } from "node:net";
import { extensionRpcs, publishedRpcs } from "@flovyn/proto/descriptors";
import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { type Http2Call, hostileHttp2Call } from "../src/hostile/http2-calls.js";
import { hostileConnection } from "../src/hostile/http2-connections.js";
import { inTurns } from "../src/hostile/in-turns.js";
import { Random } from "../src/hostile/random.js";
import { completed, sumOf } from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { activateOnce } from "./wait-for-work.js";

const SEED = Number(process.env.FLOVYN_HOSTILE_SEED ?? 20_261_127);
const [CALLS, CONNECTIONS, IN_FLIGHT] = [4000, 1000, 32];
/** A connection or call that is left open is given up by its caller after this. */
const PATIENCE_MS = 150;
/** How long an answer may take that somebody waits for. */
const ANSWERED_MS = 30_000;
/** Node.js can be stuck with a connection that the other end has closed; some of its calls never end. */
const STUCK_MS = 5_000;
/** Whoever speaks HTTP/2 is answered at once; a machine that is busy takes longer. */
const ANSWER_MS = 1000;
const use = useCluster({ replicas: SMALL });
const paths = [...publishedRpcs, ...extensionRpcs].map(({ path }) => path);
const internal = /\bat \S+ \(|node_modules|\/dist\/|\.ts:\d|TypeError|RangeError|DomainError|flovyn_[sw]k_/i;

/**
 * Node.js reads no more from a connection on which HTTP/2 failed, so nobody notices that its other end has gone until a PING
 * after 60 s stays without an answer for 30 s.
 */
const FORGOTTEN_MS = 120_000;

const gateway = () => use.cluster.replica("gateway", 0);
const openConnections = () => sumOf([gateway()], "flovyn_gateway_grpc_connections");

const allAreClosed = async () => (await openConnections()) === 0;

/** The gateway lives, and has written no key anywhere. */
function expectAliveAndSilent(): void {
  expect(gateway().running).toBe(true);
  expect(gateway().output(100_000).join("\n")).not.toMatch(/flovyn_sk_/);
}

async function expectItWorks(queue: string): Promise<void> {
  const client = use.client();
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "works", queue });
  await activateOnce(client, queue, completed("1"));
  expect((await use.rest().get(`/workflow-executions/${workflowExecutionId}`)).json.status).toBe("COMPLETED");
}

interface Ended {
  http: number | undefined;
  grpc: number | undefined;
  text: string;
}

/** How a call ends, by the answer or by its caller's patience. */
function send(session: ClientHttp2Session, { headers, chunks, ends }: Http2Call): Promise<Ended> {
  return new Promise((resolve) => {
    const ended: Ended = { http: undefined, grpc: undefined, text: "" };
    const stream = session.request(headers, { endStream: false });
    const read = (fields: Record<string, unknown>) => {
      if (fields[":status"] !== undefined) ended.http = Number(fields[":status"]);
      if (fields["grpc-status"] !== undefined) ended.grpc = Number(fields["grpc-status"]);
      ended.text += String(fields["grpc-message"] ?? "");
    };
    stream.on("response", read).on("trailers", read);
    stream.on("error", () => {});
    const giveUp = () => {
      stream.close(constants.NGHTTP2_CANCEL);
      patience = setTimeout(() => {
        session.destroy();
        resolve(ended);
      }, STUCK_MS);
    };
    let patience = setTimeout(giveUp, ends ? ANSWERED_MS : PATIENCE_MS);
    stream.once("close", () => {
      clearTimeout(patience);
      resolve(ended);
    });
    stream.resume();
    for (const chunk of chunks) stream.write(chunk);
    if (ends) stream.end();
  });
}

/** What a gRPC server says of a framing that is wrong, in our words and in those of the library. */
const ofFraming = new RegExp(
  [
    ...[
      "^:method: must be POST$",
      "^grpc-timeout: must be ",
      "^request: is compressed, but ",
      "^request: has the unknown flag ",
    ],
    ...["Failed to decompress", "Received (?:no|a second) request message", "unsupported encoding"],
  ].join("|"),
);

test(`calls with wrong heads and framing, seed ${SEED}`, { timeout: 600_000 }, async () => {
  const random = new Random(SEED);
  const { userKey } = use.cluster.org;
  const counts = new Map<string, number>();
  let session: ClientHttp2Session | undefined;
  const current = (): ClientHttp2Session => {
    if (session === undefined || session.destroyed || session.closed) {
      session = connect(`http://${gateway().grpcAddress}`);
      session.on("error", () => {});
    }
    return session;
  };
  await inTurns(CALLS, IN_FLIGHT, async () => {
    const call = hostileHttp2Call(random, paths, userKey);
    const { http, grpc, text } = await send(current(), call);
    const shown = JSON.stringify([call.headers, call.chunks.map((chunk) => chunk.subarray(0, 50).toString("hex"))]);
    expect(text, shown).not.toMatch(internal);
    // The content type of something else.
    if (http !== undefined) expect([200, 415], `${http} ${shown}`).toContain(http);
    if (grpc === status.INTERNAL || grpc === status.UNKNOWN) expect(decodeURI(text), shown).toMatch(ofFraming);
    const { authorization } = call.headers;
    const mayPass = authorization === `Bearer ${userKey}` || call.headers[":path"] === "/grpc.health.v1.Health/Check";
    if (!mayPass && grpc !== undefined) {
      const refusals = [status.UNAUTHENTICATED, status.UNIMPLEMENTED, status.RESOURCE_EXHAUSTED, status.INTERNAL];
      expect([...refusals, status.DEADLINE_EXCEEDED], shown).toContain(grpc);
    }
    const key = grpc === undefined ? `http ${http}` : (status[grpc] ?? "");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  session?.destroy();
  for (const code of ["UNAUTHENTICATED", "UNIMPLEMENTED", "INVALID_ARGUMENT", "INTERNAL"]) {
    expect(counts.get(code) ?? 0, JSON.stringify([...counts])).toBeGreaterThan(CALLS / 200);
  }
  await waitFor("the connections to be forgotten", allAreClosed, { timeoutMs: FORGOTTEN_MS });
  expectAliveAndSilent();
  await expectItWorks("after-calls");
});

test(`connections with wrong bytes, seed ${SEED}`, { timeout: 600_000 }, async () => {
  const random = new Random(SEED + 1);
  const [host = "", port = ""] = gateway().grpcAddress.split(":");
  const { userKey } = use.cluster.org;
  let answered = 0;
  await inTurns(CONNECTIONS, IN_FLIGHT, async () => {
    const bytes = hostileConnection(random, { path: random.oneOf(paths as [string, ...string[]]), key: userKey });
    await new Promise<void>((resolve) => {
      const socket = connectTcp({ host, port: Number(port) }, () => socket.write(bytes));
      let received = "";
      socket.on("data", (data) => {
        received += data.toString("latin1");
        // What comes after the first bytes comes soon.
        socket.setTimeout(PATIENCE_MS);
      });
      socket.on("error", () => {});
      socket.setTimeout(ANSWER_MS, () => socket.destroy());
      socket.once("close", () => {
        expect(received, bytes.subarray(0, 400).toString("hex")).not.toMatch(internal);
        if (received !== "") answered += 1;
        resolve();
      });
    });
  });
  expect(answered).toBeGreaterThan(CONNECTIONS / 2);
  await waitFor("the connections to be forgotten", allAreClosed, { timeoutMs: FORGOTTEN_MS });
  expectAliveAndSilent();
  await expectItWorks("after-connections");
});
