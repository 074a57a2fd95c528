import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/index.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

let directory: ReturnType<typeof makeTemporaryDirectory>;
let running: EmbeddedPostgres[] = [];

beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(async () => {
  for (const one of running) await one.stop();
  running = [];
  directory.remove();
});

async function start(options: { dataDir?: string; port?: number; log?: (line: string) => void } = {}) {
  const one = await startEmbeddedPostgres({ dataDir: directory.path, ...options });
  running.push(one);
  return one;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

test("a fresh start listens on this machine only, behind a password, with UTF-8 and honest durability", async () => {
  const one = await start();
  const [facts] = await query(
    one.url,
    `select current_setting('listen_addresses') as listen, current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as commit, current_setting('server_encoding') as encoding,
            current_setting('unix_socket_directories') as sockets, current_database() as database`,
  );
  expect(facts).toEqual({
    listen: "127.0.0.1",
    fsync: "on",
    commit: "on",
    encoding: "UTF8",
    sockets: "",
    database: "flovyn",
  });
  const stranger = new URL(one.url);
  stranger.password = "guess";
  await expect(query(stranger.href, "select 1")).rejects.toThrow(/password authentication failed/);
  expect(statSync(join(one.dataDir, "password")).mode & 0o777).toBe(0o600);
});

test("a restart keeps the data and the password", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 42 as answer");
  await first.stop();
  await first.stop();
  const second = await start();
  expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
});

test("after a kill -9 of Postgres the next start recovers what was committed", async () => {
  const first = await start();
  await query(first.url, "create table kept as select 1 as n");
  process.kill(first.pid, "SIGKILL");
  expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });
  await query(first.url, "select 1").catch(() => undefined);
  await first.stop();
  const lines: string[] = [];
  const second = await start({ log: (line) => lines.push(line) });
  expect(await query(second.url, "select n from kept")).toEqual([{ n: 1 }]);
  expect(lines.join("\n")).toContain("was not shut down the last time");
});

test("a lock file whose process id went to another program does not stop the start", async () => {
  const first = await start();
  process.kill(first.pid, "SIGKILL");
  await first.exited;
  await first.stop();
  const lockFile = join(first.dataDir, "cluster", "postmaster.pid");
  const text = readFileSync(lockFile, "utf8").replace(String(first.pid), String(process.pid));
  writeFileSync(lockFile, text);
  const second = await start();
  expect(await query(second.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a second start on the same data is refused while the first lives", async () => {
  const first = await start();
  await expect(startEmbeddedPostgres({ dataDir: directory.path })).rejects.toMatchObject({
    code: "InUse",
    message: expect.stringContaining(`in use by process ${process.pid}`),
  });
  expect(await query(first.url, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a busy port is named", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(start({ port })).rejects.toMatchObject({
    code: "PortBusy",
    message: expect.stringContaining(`Port ${port} on 127.0.0.1`),
  });
  await new Promise((resolve) => server.close(resolve));
  expect((await start({ port })).port).toBe(port);
});

test("a start that was cut short leaves nothing that the next one trips over", async () => {
  mkdirSync(join(directory.path, "cluster.partial"));
  mkdirSync(join(directory.path, "postgres-18.partial"));
  const one = await start();
  expect(existsSync(join(one.dataDir, "cluster.partial"))).toBe(false);
  expect(existsSync(join(one.dataDir, "postgres-18.partial"))).toBe(false);
});

test("a path longer than a socket path may be, with blanks, an apostrophe and letters beyond ASCII", async () => {
  const deep = join(directory.path, "x".repeat(120), "it's a path", "ünïcödé");
  const one = await start({ dataDir: deep });
  expect(await query(one.url, "select 'ü' as letter")).toEqual([{ letter: "ü" }]);
});

test("a path that initdb cannot quote is refused by name", async () => {
  await expect(start({ dataDir: join(directory.path, "$HOME") })).rejects.toThrow(/below .*\$HOME: the path holds/);
});

test("lost passwords are reported, not replaced", async () => {
  const one = await start();
  await one.stop();
  rmSync(join(one.dataDir, "password"));
  await expect(start()).rejects.toThrow(/password file .* is gone/);
});
