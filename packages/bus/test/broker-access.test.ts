/**
 * Goal: services reach a broker that asks for TLS and a user, and nobody else reaches the subjects of services.
 * Approach: a nats-server of its own with the permissions that docs/operations.md gives.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  findNatsServer,
  freePort,
  spawnProcess,
  type TestProcess,
  waitFor,
} from "@flovyn/testing";
import { connect, type NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bus, createNatsBus } from "../src/index.js";
import { recordingLog } from "./support.js";

let authority: CertificateAuthority;
let broker: TestProcess;
let port: number;
/** Why there is no broker to try this with; this machine's own must be a program for its configuration to be ours. */
let missing: string | undefined;

beforeAll(async () => {
  const source = await findNatsServer();
  if (!("program" in source)) {
    missing = `the broker is ${source.how === "url" ? "that of NATS_URL" : "a container"}, whose users are not ours to set`;
    return;
  }
  authority = await createCertificateAuthority();
  const server = await authority.issue("broker");
  port = await freePort();
  const file = join(authority.directory, "nats.conf");
  writeFileSync(
    file,
    `listen: "127.0.0.1:${port}"
tls { cert_file: "${server.certFile}", key_file: "${server.keyFile}", ca_file: "${authority.caFile}" }
authorization { users = [
  { user: flovyn, password: secret, permissions: {
      publish: ["flovyn.>", "_INBOX.flovyn.>"], subscribe: ["flovyn.>", "_INBOX.flovyn.>"] } }
  { user: other, password: secret, permissions: { publish: ["other.>"], subscribe: ["other.>", "_INBOX.>"] } }
] }
`,
  );
  broker = spawnProcess({ name: "nats-server", command: source.program, args: ["-c", file] });
  await broker.waitForLine(/Server is ready/);
});

afterAll(async () => {
  await broker?.stop();
  if (authority !== undefined) rmSync(authority.directory, { recursive: true });
});

const open = (credentials: { user: string; password: string }, ca: string | null = authority.ca.toString()) =>
  createNatsBus({
    ...{ url: `tls://localhost:${port}`, name: "test", log: recordingLog(), credentials, connectTimeoutMs: 1000 },
    tls: ca === null ? {} : { ca },
  });
const ours = { user: "flovyn", password: "secret" };

describe("a broker with TLS and users", () => {
  it("is used by services: requests, hints and answers pass", async ({ skip }) => {
    skip(missing !== undefined, missing);
    const buses: Bus[] = [await open(ours), await open(ours)];
    const [server, client] = buses as [Bus, Bus];
    await server.serve("tasks", async ({ payload }) => payload);
    const large = Buffer.alloc(3 * 1024 * 1024, 7);
    for (const payload of [Buffer.from("small"), large]) {
      const answer = await client.request({
        ...{
          service: "tasks",
          operation: "internal/Echo",
          payload,
          timeoutMs: 10_000,
          requestId: "r",
          traceparent: "",
        },
        caller: { orgId: "", principalType: "Service", principalId: "test" },
      });
      expect(Buffer.from(answer).equals(payload)).toBe(true);
    }
    await Promise.all(buses.map((bus) => bus.drain()));
  });

  it.for([
    ["a wrong password", { user: "flovyn", password: "wrong" }],
    ["an unknown user", { user: "nobody", password: "secret" }],
  ] as const)("refuses %s", async ([_name, credentials], { skip }) => {
    skip(missing !== undefined, missing);
    await expect(open(credentials)).rejects.toMatchObject({ code: "Unavailable" });
  });

  it("is refused by services that do not trust its certificate", async ({ skip }) => {
    skip(missing !== undefined, missing);
    await expect(open(ours, null)).rejects.toMatchObject({ code: "Unavailable" });
    const other = await createCertificateAuthority("another authority");
    await expect(open(ours, other.ca.toString())).rejects.toMatchObject({ code: "Unavailable" });
    rmSync(other.directory, { recursive: true });
  });

  it("keeps other users away from the subjects of services", async ({ skip }) => {
    skip(missing !== undefined, missing);
    const bus = await open(ours);
    let asked = 0;
    await bus.serve("dispatch", async ({ payload }) => {
      asked += 1;
      return payload;
    });
    const other: NatsConnection = await connect({
      ...{ servers: `localhost:${port}`, user: "other", pass: "secret" },
      tls: { ca: authority.ca.toString() },
    });
    const subjects = ["flovyn.rpc.dispatch", "flovyn.credentials", "_INBOX.flovyn.x.r"];
    for (const subject of subjects) other.publish(subject, "x");
    const heard = other.subscribe("flovyn.>");
    const ended = (async () => {
      for await (const _ of heard) return "heard";
      return "closed";
    })().catch(() => "refused");
    await other.flush();
    expect(await ended).toBe("refused");
    for (const subject of subjects) {
      const violation = `Publish Violation - User "other", Subject "${subject}"`;
      await waitFor(`${subject} to be refused`, () => broker.lines.some((line) => line.includes(violation)));
    }
    expect(asked).toBe(0);
    await other.close();
    await bus.drain();
  });
});
