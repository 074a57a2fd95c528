/**
 * Goal: recorded traffic stays closed when the key of a certificate leaks, and no connection is encrypted in a way that is
 * known to be weak. Approach: every suite that TLS 1.2 has in this Node.js, one by one, with certificates of both kinds.
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { connect, getCiphers } from "node:tls";
import type { DoorTls } from "@flovyn/runtime";
import { createCertificateAuthority, type IssuedCertificate } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionLimit } from "../src/connections/connection-limit.js";
import { GrpcListener } from "../src/grpc/grpc-listener.js";
import { HttpServer } from "../src/http/http-server.js";
import { CertificateWatch } from "../src/tls/certificate-watch.js";
import { silentLog } from "./silent-log.js";
import { testBudgets } from "./test-budgets.js";

const ports = { http: 0, grpc: 0 };
const suites = getCiphers()
  .filter((name) => !name.startsWith("tls_"))
  .map((name) => name.toUpperCase());
const issued = new Map<"ECDSA" | "RSA", IssuedCertificate>();
let files: DoorTls;
let watch: CertificateWatch;
let http: HttpServer;
let grpc: GrpcListener;

beforeAll(async () => {
  const authority = await createCertificateAuthority();
  issued.set("ECDSA", await authority.issue("server"));
  issued.set("RSA", await authority.issue("server", { keys: "RSA" }));
  const [certFile, keyFile] = ["live.pem", "live.key"].map((name) => join(authority.directory, name));
  files = { certFile: certFile ?? "", keyFile: keyFile ?? "", clientCaFile: undefined, clientAuth: "none" };
  present("ECDSA");
  watch = new CertificateWatch({ name: "tls.test", files, log: silentLog });
  const tls = { door: files, watch, first: await watch.start() };
  const connections = new ConnectionLimit(testBudgets({ connections: { address: 0, process: 1000 } }).connections);
  http = new HttpServer({ fetch: () => new Response(""), connections, log: silentLog, tls });
  grpc = new GrpcListener({ injector: { injectConnection() {} } as never, connections, tls });
  const listen = { address: "127.0.0.1", port: 0 };
  Object.assign(ports, { http: await http.start(listen), grpc: await grpc.start(listen) });
});

afterAll(async () => {
  await watch.stop();
  await http.stop();
  grpc.close();
});

function present(keys: "ECDSA" | "RSA"): void {
  const { certFile, keyFile } = issued.get(keys) ?? expect.fail();
  copyFileSync(certFile, files.certFile);
  copyFileSync(keyFile, files.keyFile);
}

/** The suite that a client and this listener agree on; undefined when they do not. */
function agreed(
  port: number,
  offer: { ciphers?: string; version: "TLSv1.2" | "TLSv1.3" },
): Promise<string | undefined> {
  const { ciphers, version } = offer;
  return new Promise((resolve) => {
    const socket = connect({
      ...{ host: "127.0.0.1", port, rejectUnauthorized: false, ALPNProtocols: ["h2", "http/1.1"] },
      ...{ minVersion: version, maxVersion: version, ...(ciphers && { ciphers: `${ciphers}:@SECLEVEL=0` }) },
    });
    socket.once("secureConnect", () => {
      resolve(socket.getCipher().name);
      socket.destroy();
    });
    socket.once("error", () => resolve(undefined));
  });
}

const forwardSecretAead = (keys: string) => [
  `ECDHE-${keys}-AES128-GCM-SHA256`,
  `ECDHE-${keys}-AES256-GCM-SHA384`,
  `ECDHE-${keys}-CHACHA20-POLY1305`,
];

// The second certificate arrives while the listeners run, as a renewed one does.
describe.each(["ECDSA", "RSA"] as const)("with an %s certificate", (keys) => {
  beforeAll(async () => {
    present(keys);
    await watch.runOnce();
  });

  it.each(["http", "grpc"] as const)(
    "TLS 1.2 at the %s listener takes forward-secret AEAD suites alone",
    async (name) => {
      const taken: string[] = [];
      for (const suite of suites) {
        if ((await agreed(ports[name], { ciphers: suite, version: "TLSv1.2" })) === suite) taken.push(suite);
      }
      expect(suites).toEqual(
        expect.arrayContaining(["AES128-SHA", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"]),
      );
      expect(taken.sort()).toEqual(forwardSecretAead(keys).sort());
    },
  );

  it.each(["http", "grpc"] as const)("TLS 1.3 is spoken at the %s listener", async (name) => {
    expect(await agreed(ports[name], { version: "TLSv1.3" })).toMatch(/^TLS_(AES_\d+_GCM|CHACHA20_POLY1305)_SHA/);
  });
});
