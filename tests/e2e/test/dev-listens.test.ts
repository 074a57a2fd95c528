/** Goal: a development server is for this machine alone, unless it is asked for more, and then it says so. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import {
  createTestDatabase,
  freePort,
  spawnProcess,
  type TestDatabase,
  type TestProcess,
  workspaceRoot,
} from "@flovyn/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "flovyn-dev-"));
let database: TestDatabase;
let server: TestProcess | undefined;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(() => server?.stop());

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
});

const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
const loopback = own
  .filter(({ address }) => address === "127.0.0.1" || address === "::1")
  .map(({ address }) => address);
/** Of this machine, for others. */
const elsewhere = own.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address);

async function start(
  ...args: string[]
): Promise<{ ports: { http: number; grpc: number; ops: number }; lines: string[] }> {
  const [http, grpc] = [await freePort(), await freePort()];
  const data = ["--data", join(folder, "data"), "--database-url", database.url];
  const ports = ["--http-port", String(http), "--grpc-port", String(grpc)];
  server = spawnProcess({
    name: "flovyn dev",
    command: process.execPath,
    args: [join(workspaceRoot(), "bin/flovyn"), "dev", "--no-demo", ...data, ...ports, ...args],
    env: { CONFIG_FILE: undefined, NODE_OPTIONS: undefined, BIND_ADDRESS: undefined, OPS_PORT: undefined },
  });
  const [, ops] = (await server.waitForLine(/metrics +http:\/\/localhost:(\d+)\/metrics/)) as unknown as [
    string,
    string,
  ];
  await server.waitForLine(/Ctrl-C stops/);
  return { ports: { http, grpc, ops: Number(ops) }, lines: [...server.lines] };
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.on("connect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.on("close", () => socket.destroy());
    socket.on("connect", () => socket.destroy());
  });
}

it("listens on this machine alone, without a word about it", async () => {
  const { ports, lines } = await start();
  for (const port of Object.values(ports)) {
    for (const host of loopback) expect([host, port, await answers(host, port)]).toEqual([host, port, true]);
    for (const host of ["127.0.0.2", ...elsewhere]) {
      expect([host, port, await answers(host, port)]).toEqual([host, port, false]);
    }
  }
  expect(lines.join("\n")).not.toContain("warning");
  expect((await fetch(`http://localhost:${ports.ops}/metrics`)).status).toBe(200);
  expect((await fetch(`http://localhost:${ports.http}/metrics`)).status).toBe(401);
});

it.each(["0.0.0.0", "::"])(
  "listens on more with --host %s, which it warns of, but for health and metrics",
  async (host) => {
    const { ports, lines } = await start("--host", host);
    const hosts = [...loopback, ...elsewhere].filter((address) => host === "::" || !address.includes(":"));
    for (const port of [ports.http, ports.grpc]) {
      for (const address of hosts) expect([address, port, await answers(address, port)]).toEqual([address, port, true]);
    }
    for (const address of elsewhere) expect([address, await answers(address, ports.ops)]).toEqual([address, false]);
    expect(lines.join("\n")).toContain(`warning       listens on ${host}, so other machines may reach it`);
  },
);
