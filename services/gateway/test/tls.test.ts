/**
 * Goal: both doors speak TLS as the configuration says, ask clients for certificates where it does, and follow their files
 * without a restart. Approach: a test authority, real handshakes.
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { createLogger, type DoorTls, loadConfig } from "@flovyn/runtime";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
  waitFor,
} from "@flovyn/testing";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { ConnectionLimit } from "../src/connections/connection-limit.js";
import { GrpcListener } from "../src/grpc/grpc-listener.js";
import { HttpServer } from "../src/http/http-server.js";
import { CertificateWatch } from "../src/tls/certificate-watch.js";
import type { SecuredDoor } from "../src/tls/tls-options.js";
import { callAnyShape, GatewayHarness, testConfig } from "./gateway-harness.js";
import { silentLog } from "./silent-log.js";
import { testBudgets } from "./test-budgets.js";

let ours: CertificateAuthority;
let others: CertificateAuthority;
let server: IssuedCertificate;
let client: IssuedCertificate;
let stranger: IssuedCertificate;
let harness: GatewayHarness | undefined;

beforeAll(async () => {
  [ours, others] = await Promise.all([createCertificateAuthority(), createCertificateAuthority("another authority")]);
  server = await ours.issue("server");
  client = await ours.issue("client");
  stranger = await others.issue("stranger");
});

afterEach(async () => {
  await harness?.stop();
  harness = undefined;
});

async function start(tls: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<GatewayHarness> {
  harness = await GatewayHarness.start(testConfig({ tls, ...more }));
  return harness;
}

const files = (issued: IssuedCertificate) => ({ cert_file: issued.certFile, key_file: issued.keyFile });
const rpc = { path: "/flovyn.v1.WorkerLifecycle/SendHeartbeat", requestStream: false, responseStream: false };

/** How a call over TLS ends; it is answered or refused by the gateway when the handshake succeeded. */
async function grpcEnd(identity?: IssuedCertificate, ca = ours.ca): Promise<number> {
  const secure = credentials.createSsl(ca, identity?.key ?? null, identity?.cert ?? null);
  const connection = new Client(`localhost:${harness?.gateway.ports.grpc}`, secure, {
    "grpc.use_local_subchannel_pool": 1,
  });
  try {
    return (await callAnyShape(connection, rpc, { key: "wrong" })).error?.code ?? status.OK;
  } finally {
    connection.close();
  }
}

function httpsStatus(identity?: IssuedCertificate, more: ConnectionOptions = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const port = harness?.gateway.ports.http;
    const secure = { ca: ours.ca, ...(identity && { cert: identity.cert, key: identity.key }), ...more };
    const sent = request({ host: "localhost", port, path: "/_/health", agent: false, ...secure }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("TLS", () => {
  it("is spoken at both doors, and nothing else", async () => {
    const { gateway } = await start(files(server));
    expect(await grpcEnd()).toBe(status.UNAUTHENTICATED);
    expect(await httpsStatus()).toBe(200);
    await expect(fetch(`http://localhost:${gateway.ports.http}/_/health`)).rejects.toThrow();
    const plain = new Client(`localhost:${gateway.ports.grpc}`, credentials.createInsecure());
    expect((await callAnyShape(plain, rpc, { key: "wrong", deadlineMs: 2000 })).error?.code).not.toBe(
      status.UNAUTHENTICATED,
    );
    plain.close();
  });

  it("tells browsers to keep to it", async () => {
    await start(files(server));
    const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
      const port = harness?.gateway.ports.http;
      request({ host: "localhost", port, path: "/api/orgs", ca: ours.ca, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.headers);
      })
        .on("error", reject)
        .end();
    });
    expect(headers["strict-transport-security"]).toMatch(/^max-age=\d+$/);
  });

  it("may be on at one door alone", async () => {
    const { gateway } = await start({ http: files(server) });
    expect(await httpsStatus()).toBe(200);
    const plain = new Client(`localhost:${gateway.ports.grpc}`, credentials.createInsecure());
    expect((await callAnyShape(plain, rpc, { key: "wrong" })).error?.code).toBe(status.UNAUTHENTICATED);
    plain.close();
  });

  it("of versions before 1.2 is refused", async () => {
    await start(files(server));
    await expect(httpsStatus(undefined, { minVersion: "TLSv1", maxVersion: "TLSv1.1" })).rejects.toThrow();
  });

  it("counts its connections, also those whose handshake failed, and forgets them when they close", async () => {
    const { gateway, metrics } = await start(
      { ...files(server), client_ca_file: ours.caFile },
      { limits: { budgets: { connections: { address: 2 } } } },
    );
    const open = async () => {
      const text = await metrics.registry.metrics();
      return ["grpc", "http"].map(
        (door) => new RegExp(`^flovyn_gateway_${door}_connections\\S* (\\d+)$`, "m").exec(text)?.[1],
      );
    };
    const none = () => waitFor("the connections to close", async () => (await open()).every((count) => count === "0"));
    for (let n = 0; n < 5; n++) {
      expect(await grpcEnd(client)).toBe(status.UNAUTHENTICATED);
      expect(await httpsStatus(client)).toBe(200);
      await expect(httpsStatus()).rejects.toThrow();
      expect(await grpcEnd()).toBe(status.UNAVAILABLE);
      await none();
    }
    const connectTo = (port: number) => {
      const socket = connectTcp({ host: "localhost", port });
      socket.on("error", () => {});
      return socket;
    };
    const sockets = [connectTo(gateway.ports.grpc), connectTo(gateway.ports.grpc)];
    await waitFor("two to be counted", async () => (await open())[0] === "2");
    const third = connectTo(gateway.ports.grpc);
    await new Promise((resolve) => third.once("close", resolve));
    expect((await open())[0]).toBe("2");
    for (const socket of sockets) socket.destroy();
    await none();
  });

  it("that the client does not trust ends with the client", async () => {
    await start(files(stranger));
    expect(await grpcEnd()).toBe(status.UNAVAILABLE);
    await expect(httpsStatus()).rejects.toThrow();
  });
});

async function secure(): Promise<SecuredDoor> {
  const { certFile, keyFile } = server;
  const door: DoorTls = { certFile, keyFile, clientCaFile: undefined, clientAuth: "none" };
  const watch = new CertificateWatch({ name: "tls.test", files: door, log: silentLog });
  return { door, watch, first: await watch.start() };
}

describe("a handshake that does not end", () => {
  it.each(["grpc", "http"] as const)("is cut off at the %s door", async (name) => {
    const secured = { ...(await secure()), handshakeMs: 100 };
    const connections = new ConnectionLimit(testBudgets({ connections: { address: 0, process: 10 } }).connections);
    const http = new HttpServer({ fetch: () => new Response(""), connections, log: silentLog, tls: secured });
    const grpc = new GrpcListener({ injector: { injectConnection() {} } as never, connections, tls: secured });
    const listen = { address: "127.0.0.1", port: 0 };
    const port = name === "http" ? await http.start(listen) : await grpc.start(listen);
    const socket = connectTcp({ host: "127.0.0.1", port });
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("close", resolve).resume());
    await waitFor("it to be forgotten", () => connections.size === 0);
    await secured.watch.stop();
    await http.stop();
    grpc.close();
  });
});

describe("a connection that the gRPC door has ended", () => {
  it("is closed after a while when the other end keeps it", async () => {
    const secured = await secure();
    const connections = new ConnectionLimit(testBudgets({ connections: { address: 0, process: 10 } }).connections);
    const injector = { injectConnection: (socket: Duplex) => socket.end() } as never;
    const grpc = new GrpcListener({ injector, connections, tls: secured, prefaceMs: 600_000, closeMs: 100 });
    const port = await grpc.start({ address: "127.0.0.1", port: 0 });
    const below = connectTcp({ host: "127.0.0.1", port, allowHalfOpen: true });
    const keeps = { socket: below, rejectUnauthorized: false, allowHalfOpen: true };
    const socket = connect(keeps);
    socket.on("error", () => {});
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    await waitFor("it to be forgotten", () => connections.size === 0);
    expect(below.destroyed).toBe(false);
    below.destroy();
    await secured.watch.stop();
    grpc.close();
  });
});

describe("certificates of clients", () => {
  it("that are required keep everybody else out, at both doors", async () => {
    await start({ ...files(server), client_ca_file: ours.caFile });
    expect(await grpcEnd(client)).toBe(status.UNAUTHENTICATED);
    expect(await httpsStatus(client)).toBe(200);
    const expired = await ours.issue("expired", { days: -1 });
    for (const identity of [undefined, stranger, expired]) {
      expect(await grpcEnd(identity)).toBe(status.UNAVAILABLE);
      await expect(httpsStatus(identity)).rejects.toThrow();
    }
  });
});

describe("files that change", () => {
  function presented(port: number): Promise<PeerCertificate> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { host: "localhost", port, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] },
        () => {
          resolve(socket.getPeerCertificate());
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  }

  it("count for new connections; one that is open goes on", async () => {
    const [certFile, keyFile] = ["live.pem", "live.key"].map((name) => join(ours.directory, name)) as [string, string];
    const use = (issued: IssuedCertificate) => {
      copyFileSync(issued.certFile, certFile);
      copyFileSync(issued.keyFile, keyFile);
    };
    use(server);
    const { gateway } = await start({ cert_file: certFile, key_file: keyFile });
    const { grpc, http } = gateway.ports;
    const secure = credentials.createSsl(ours.ca);
    const connection = new Client(`localhost:${grpc}`, secure, { "grpc.use_local_subchannel_pool": 1 });
    expect((await callAnyShape(connection, rpc, { key: "wrong" })).error?.code).toBe(status.UNAUTHENTICATED);
    const [before] = await Promise.all([presented(http), presented(grpc)]);
    use(await ours.issue("server"));
    await waitFor("both doors to present the new certificate", async () => {
      const [now, alsoNow] = await Promise.all([presented(http), presented(grpc)]);
      return now.serialNumber !== before.serialNumber && alsoNow.serialNumber === now.serialNumber;
    });
    expect((await callAnyShape(connection, rpc, { key: "wrong" })).error?.code).toBe(status.UNAUTHENTICATED);
    connection.close();
  });

  it("and cannot be used are told once and change nothing, until they can be used again", async () => {
    const [certFile, keyFile] = ["watched.pem", "watched.key"].map((name) => join(ours.directory, name)) as [
      string,
      string,
    ];
    copyFileSync(server.certFile, certFile);
    copyFileSync(server.keyFile, keyFile);
    const lines: string[] = [];
    const log = createLogger({
      ...{ service: "gateway", level: "error" },
      destination: { write: (line: string) => void lines.push(line) },
    });
    const door: DoorTls = { certFile, keyFile, clientCaFile: undefined, clientAuth: "none" };
    const watch = new CertificateWatch({ name: "tls.grpc", files: door, log });
    const changes: Buffer[] = [];
    watch.onChange(({ key }) => changes.push(key));
    try {
      await watch.start();
      writeFileSync(keyFile, stranger.key);
      for (let n = 0; n < 3; n++) await watch.runOnce();
      expect([changes, lines.length]).toEqual([[], 1]);
      copyFileSync(stranger.certFile, certFile);
      await watch.runOnce();
      expect(changes).toEqual([stranger.key]);
    } finally {
      await watch.stop();
    }
  });

  it.each([
    [
      "missing",
      { cert_file: "/nowhere/cert.pem" },
      /tls\.grpc\.cert_file: the file \/nowhere\/cert\.pem cannot be read/,
    ],
    ["of another certificate", { key_file: "stranger" }, /certificate and key cannot be used together/],
  ])("and are %s at the start stop it with the name of the key", async (_name, change, problem) => {
    const changed = Object.fromEntries(
      Object.entries(change).map(([key, value]) => [key, value === "stranger" ? stranger.keyFile : value]),
    );
    await expect(start({ ...files(server), ...changed })).rejects.toThrow(problem);
  });

  it("of authorities that hold no certificate stop the start: nobody could come in", async () => {
    const empty = join(ours.directory, "empty.pem");
    for (const text of [
      "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
      "-----BEGIN nothing",
      server.key.toString(),
    ]) {
      writeFileSync(empty, text);
      await expect(start({ ...files(server), client_ca_file: empty })).rejects.toThrow(
        /tls\.grpc\.client_ca_file: holds/,
      );
    }
  });

  it.each([
    [{ client_atuh: "require" }, "tls.client_atuh: is unknown; did you mean client_auth?"],
    [{ cert_file: "a" }, "tls.key_file: is missing"],
    [{ cert_file: "a", key_file: "b", client_auth: "require" }, "tls.client_ca_file: is missing"],
    [{ grpc: { key_file: "b" } }, "tls.grpc.cert_file: is missing"],
  ])("and are half configured (%j) are refused", (tls, problem) => {
    expect(() => loadConfig({ env: {}, overrides: { tls } })).toThrow(problem);
  });
});
