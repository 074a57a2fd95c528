/** Goal: what the gRPC door does with connections. Approach: real sockets in front of a grpc-js server without services. */
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { waitFor } from "@flovyn/testing";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { testBudgets } from "../../test/test-budgets.js";
import { ConnectionLimit } from "../connections/connection-limit.js";
import { GrpcListener } from "./grpc-listener.js";

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Door {
  port: number;
  limit: ConnectionLimit;
  refused: string[];
}

interface DoorOptions {
  connectionsMax?: number;
  perAddressMax?: number;
  prefaceMs?: number;
  closeMs?: number;
}

async function listen(options: DoorOptions): Promise<Door> {
  const { connectionsMax = 100, perAddressMax = 0, prefaceMs = 60_000, closeMs = 60_000 } = options;
  const refused: string[] = [];
  const { connections } = testBudgets(
    { connections: { process: connectionsMax, address: perAddressMax } },
    { refused: (_name, by) => refused.push(by) },
  );
  const limit = new ConnectionLimit(connections);
  const server = new Server({ "grpc.enable_channelz": 0 });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const listener = new GrpcListener({ injector, connections: limit, tls: undefined, prefaceMs, closeMs });
  const port = await listener.start({ address: "127.0.0.1", port: 0 });
  cleanups.push(() => {
    listener.close();
    limit.cut();
  });
  return { port, limit, refused };
}

function open(port: number, localAddress = "127.0.0.1"): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, localAddress }, () => resolve(socket));
    cleanups.push(() => socket.destroy());
    socket.once("error", reject);
  });
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => {
    socket.on("error", () => {});
    socket.once("close", () => resolve());
    socket.resume();
  });

/** Resolves when the other end answers in HTTP/2. */
const answered = (socket: Socket) => new Promise<Buffer>((resolve) => socket.once("data", resolve));
/** Says that nothing more will be asked, upon which servers end the connection. */
const goaway = "\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

describe("connections", () => {
  it("beyond the limit are closed, until one of the others is", async () => {
    const { port, limit, refused } = await listen({ connectionsMax: 2 });
    const [first, second] = [await open(port), await open(port)];
    for (const socket of [first, second]) {
      socket.write(preface);
      await answered(socket);
    }
    await closed(await open(port));
    expect([refused, limit.size]).toEqual([["process"], 2]);
    first.destroy();
    await waitFor("the first to be forgotten", () => limit.size === 1);
    const third = await open(port);
    third.write(preface);
    await answered(third);
    expect(refused).toEqual(["process"]);
  });

  it("of one address beyond its limit are closed, those of another are not", async () => {
    const { port, refused } = await listen({ perAddressMax: 1 });
    const first = await open(port);
    first.write(preface);
    await answered(first);
    await closed(await open(port));
    expect(refused).toEqual(["address"]);
    const other = await open(port, "127.0.0.2");
    other.write(preface);
    await answered(other);
    expect(refused).toEqual(["address"]);
  });

  it.each([
    ["nothing", ""],
    ["less than the preface of HTTP/2", preface.slice(0, 20)],
  ])("that send %s are closed after a while", async (_name, text) => {
    const { port, limit } = await listen({ prefaceMs: 100 });
    const socket = await open(port);
    socket.write(text);
    await closed(socket);
    await waitFor("it to be forgotten", () => limit.size === 0);
  });

  it("that the server has ended and the other end keeps are closed after a while", async () => {
    const { port, limit } = await listen({ closeMs: 100 });
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    cleanups.push(() => socket.destroy());
    socket.on("error", () => {});
    socket.write(preface);
    const ended = new Promise<void>((resolve) => socket.once("end", () => resolve()));
    await answered(socket);
    socket.write(goaway);
    await ended;
    await waitFor("it to be forgotten", () => limit.size === 0);
  });

  it("that speak HTTP/2 stay open without a call", async () => {
    const { port } = await listen({ prefaceMs: 2000 });
    const session = connectHttp2(`http://127.0.0.1:${port}`);
    cleanups.push(() => session.destroy());
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    // One that does not is closed, and was opened later: the first has outlived its time.
    await closed(await open(port));
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      session.ping((error, ms) => (error === null ? resolve(ms) : reject(error)));
    });
    expect(answer).toBeGreaterThanOrEqual(0);
  });

  it("that speak something else are closed", async () => {
    const { port } = await listen({});
    const socket = await open(port);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await closed(socket);
  });
});
