/** Goal: the address of the database says how its server proves itself, and a server that cannot is refused. */
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  startTestPostgres,
  type TestPostgres,
  waitFor,
} from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import { migrate } from "../src/migrate.js";

const startTimeoutMs = 60_000;
let ours: CertificateAuthority;
let others: CertificateAuthority;
let directory: string;
let server: TestPostgres;

beforeAll(async () => {
  [ours, others] = await Promise.all([createCertificateAuthority(), createCertificateAuthority("another authority")]);
  const { certFile, keyFile } = await ours.issue("database");
  directory = mkdtempSync(join(tmpdir(), "flovyn-tls-"));
  const [cert, key] = [join(directory, "server.pem"), join(directory, "server.key")] as const;
  copyFileSync(certFile, cert);
  copyFileSync(keyFile, key);
  chmodSync(key, 0o600);
  chmodSync(directory, 0o755);
  server = await startTestPostgres();
  // Postgres does not run as root, and reads no key that others may read.
  if (process.getuid?.() === 0) chownSync(key, statSync(`/proc/${server.pid}`).uid, 0);
  await configure({ ssl: "on", ssl_cert_file: cert, ssl_key_file: key });
}, startTimeoutMs);

afterAll(async () => {
  await server?.stop();
  for (const each of [directory, ours?.directory, others?.directory]) {
    if (each !== undefined) rmSync(each, { recursive: true, force: true });
  }
});

/** Settings that Postgres takes from then on. */
async function configure(settings: Record<string, string>): Promise<void> {
  const db = new Database({ url: server.url, poolMax: 1, applicationName: "test" });
  try {
    for (const [name, value] of Object.entries(settings)) {
      await db.query({ text: `alter system set ${name} = '${value}'` });
    }
    await db.query({ text: "select pg_reload_conf()" });
  } finally {
    await db.close();
  }
  await waitFor("connections to be encrypted", async () => isEncrypted("verify-full", ours.caFile).catch(() => false));
}

/** Whether a connection by this address is encrypted. */
async function isEncrypted(mode: string, ca?: string): Promise<boolean> {
  const url = new URL(server.url);
  url.hostname = "localhost";
  url.searchParams.set("sslmode", mode);
  if (ca !== undefined) url.searchParams.set("sslrootcert", ca);
  const db = new Database({ url: url.href, poolMax: 1, applicationName: "test" });
  try {
    const { rows } = await db.query({ text: "select ssl from pg_stat_ssl where pid = pg_backend_pid()" });
    return rows[0].ssl;
  } finally {
    await db.close();
  }
}

describe("a database with TLS", () => {
  it("is reached with the authority that vouches for it, also by migrations", async () => {
    expect(await isEncrypted("verify-full", ours.caFile)).toBe(true);
    const url = new URL(server.url);
    url.hostname = "localhost";
    await migrate(`${url.href}?sslmode=verify-full&sslrootcert=${encodeURIComponent(ours.caFile)}`);
  });

  it.each(["verify-full", "verify-ca", "require"])("is refused with another authority and sslmode=%s", async (mode) => {
    await expect(isEncrypted(mode, others.caFile)).rejects.toMatchObject({
      code: expect.stringMatching(/VERIFY|CERT/),
    });
  });

  it("is refused without an authority where it has to prove itself", async () => {
    await expect(isEncrypted("verify-full")).rejects.toMatchObject({ code: expect.stringMatching(/VERIFY|CERT/) });
  });
});
