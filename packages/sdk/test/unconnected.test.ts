/**
 * Goal: who dials something that is no gRPC server learns in one line what was dialled, what was found there and what to
 * check; and at once, where trying again cannot help.
 * Approach: real sockets that are wrong in one way each. The limits of the calls are so long that only a look ends them.
 */
import { execFile } from "node:child_process";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { FlovynClient, FlovynConnectionError, type LogFields, type Logger, silentLogger } from "../src/index.js";
import { Connection, callMetadata } from "../src/wire/connection.js";
import { getEvents } from "../src/wire/rpcs.js";
import { add, useHarness } from "./harness.js";

/** A certificate that no authority has signed, and its key. */
let pem = "";
const closing: (() => void)[] = [];

beforeAll(async () => {
  const options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"];
  const files = ["-keyout", "-", "-out", "-"];
  pem = (await promisify(execFile)("openssl", ["req", "-x509", "-days", "2", ...options, ...files])).stdout;
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const tlsServer = () => createTlsServer({ key: pem, cert: pem, ALPNProtocols: ["h2"] }, (socket) => socket.end());

/** Where there is something else than a gRPC server: the beginning of its URL, and what listens. */
const lasting: [string, "http" | "https", () => Server, RegExp][] = [
  [
    "an HTTP port",
    "http",
    () => createHttpServer((_, answer) => answer.end()),
    /: an HTTP\/1.1 server answered; check that serverUrl has the gRPC address/,
  ],
  [
    "a port with TLS, without it",
    "http",
    tlsServer,
    /: the server wants TLS; check whether serverUrl must begin with https:/,
  ],
  [
    "a port without TLS, with it",
    "https",
    () => createHttpServer((_, answer) => answer.end()),
    /: the server answered without TLS; check whether serverUrl must begin with http:/,
  ],
  [
    "a certificate of an unknown authority",
    "https",
    tlsServer,
    /: the certificate of the server was refused \([A-Z_]*SELF_SIGNED_CERT\); check that it is for 127.0.0.1/,
  ],
  [
    "a protocol of its own",
    "http",
    () => createServer((socket) => socket.write("220 mail.example ESMTP\r\n")),
    /: what answered speaks no HTTP\/2; check that/,
  ],
];

function createClient(serverUrl: string, logger: Logger = silentLogger): FlovynClient {
  const client = new FlovynClient({ serverUrl, orgId: "org", workerToken: "token", connectTimeout: "1h", logger });
  closing.push(() => void client.stop());
  return client.registerTask(add);
}

function expectOneLine(error: unknown, serverUrl: string): asserts error is FlovynConnectionError {
  expect(error).toBeInstanceOf(FlovynConnectionError);
  const { message, stack, code } = error as FlovynConnectionError;
  expect(message).toMatch(new RegExp(`^\\w+: dialled ${serverUrl}: .* \\(UNAVAILABLE\\)$`));
  expect(message.split("(UNAVAILABLE)")).toHaveLength(2);
  expect(stack).toBe(`FlovynConnectionError: ${message}`);
  expect(code).toBe("UNAVAILABLE");
}

describe.each(lasting)("at %s", (_where, protocol, make, text) => {
  test("a start fails at once and says so", async () => {
    const serverUrl = `${protocol}://127.0.0.1:${await listen(make())}`;
    const error = await createClient(serverUrl)
      .start()
      .catch((caught: unknown) => caught);
    expectOneLine(error, serverUrl);
    expect(error.message).toMatch(text);
  });

  test("a call that waits for a connection fails at once and says so", async () => {
    const serverUrl = `${protocol}://127.0.0.1:${await listen(make())}`;
    const error = await call(serverUrl, 3_600_000);
    expectOneLine(error, serverUrl);
    expect(error.message).toMatch(text);
    expect(error.lasting).toBe(true);
  });
});

describe("where a server may come up later", () => {
  test.each<[string, () => Promise<string>, RegExp]>([
    [
      "nothing listens",
      async () => `http://127.0.0.1:${await freePort()}`,
      /: nothing listens there \(ECONNREFUSED\); check the port/,
    ],
    [
      "the name is unknown",
      async () => "http://no-such-host.invalid:9090",
      /: the name no-such-host.invalid has no address \(E[A-Z_]+\)/,
    ],
    [
      "the connection is closed",
      async () => `http://127.0.0.1:${await listen(createServer((socket) => socket.destroy()))}`,
      /: the connection was closed without an answer; check/,
    ],
    [
      "nothing is answered",
      async () => `http://127.0.0.1:${await listen(createServer((socket) => closing.push(() => socket.destroy())))}`,
      /: the connection was taken and nothing was answered; check/,
    ],
  ])("a call says when its time is up that %s", async (_what, urlOf, text) => {
    const serverUrl = await urlOf();
    const error = await call(serverUrl, 500);
    expectOneLine(error, serverUrl);
    expect(error.message).toMatch(text);
    expect(error.lasting).toBe(false);
  });

  test("a start tries again, with one line in the log each time", async () => {
    const lines: [message: string, fields: LogFields | undefined][] = [];
    let second = () => {};
    const twice = new Promise<void>((resolve) => {
      second = resolve;
    });
    const warn = (message: string, fields?: LogFields) => {
      if (lines.push([message, fields]) === 2) second();
    };
    const serverUrl = `http://127.0.0.1:${await freePort()}`;
    const client = createClient(serverUrl, { ...silentLogger, warn });
    const starting = client.start().catch((error: unknown) => error);
    await twice;
    await client.stop();
    await starting;
    for (const [message, fields] of lines) {
      expect(message).toBe("the server cannot be reached, trying again");
      expect(fields).toMatchObject({
        problem: expect.stringMatching(/^RegisterWorker: dialled .*nothing listens there/),
      });
      expect(fields).not.toHaveProperty("err");
    }
  });
});

describe("a server that has answered", () => {
  const harness = useHarness();

  test("is waited for although something else has taken its place", async () => {
    const { door } = harness.server;
    const connection = new Connection({ serverUrl: door.url, responseBytesMax: 1024 * 1024 });
    closing.push(() => connection.close());
    const request = { workflowExecutionId: "id" };
    const metadata = callMetadata("token", {}, true);
    await connection.call(getEvents, request, metadata, { timeoutMs: 60_000 }).catch(() => {});
    door.stop();
    const http = createHttpServer((_, answer) => answer.end());
    await new Promise<void>((resolve) => http.listen(Number(new URL(door.url).port), "127.0.0.1", resolve));
    closing.push(() => http.close());
    const error = await connection
      .call(getEvents, request, metadata, { timeoutMs: 500 })
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "UNAVAILABLE", lasting: false });
  });
});

/** The error of one call that waits for a connection. */
async function call(serverUrl: string, timeoutMs: number): Promise<unknown> {
  const connection = new Connection({ serverUrl, responseBytesMax: 1024 * 1024 });
  closing.push(() => connection.close());
  const metadata = callMetadata("token", {}, true);
  const request = { workflowExecutionId: "id" };
  return connection.call(getEvents, request, metadata, { timeoutMs }).catch((error: unknown) => error);
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
