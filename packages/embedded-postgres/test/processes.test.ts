import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { canUse } from "../src/account.js";
import { startEmbeddedPostgres } from "../src/index.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

interface Report {
  url: string;
  pid: number;
  dataDir: string;
  user: number;
}

const script = fileURLToPath(new URL("start-in-child.mjs", import.meta.url));
const isRoot = process.getuid?.() === 0;
let directory: ReturnType<typeof makeTemporaryDirectory>;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = makeTemporaryDirectory();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  directory.remove();
});

async function startInChild(
  dataDir: string,
  then: "stop" | "wait" | "exit",
  options: { env?: NodeJS.ProcessEnv; uid?: number; gid?: number } = {},
) {
  const child = spawn(process.execPath, [script, dataDir, then], {
    ...options,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", resolve));
  const report = await new Promise<Report>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    void exited.then((code) => reject(new Error(`the child ended with ${code}:\n${log}`)));
  });
  return { child, exited, report, log: () => log };
}

async function hasEnded(pid: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (existsSync(`/proc/${pid}`) || (process.platform !== "linux" && isAlive(pid))) {
    if (Date.now() > deadline) throw new Error(`process ${pid} still runs 60 s later`);
    await pause(10);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("Postgres ends with a process that simply is done", async () => {
  const { report, exited } = await startInChild(directory.path, "exit");
  expect(await exited).toBe(0);
  await hasEnded(report.pid);
});

test("Postgres ends when its starter is killed, and the next start has the data", async () => {
  const first = await startInChild(directory.path, "wait");
  first.child.kill("SIGKILL");
  await first.exited;
  // At once, while Postgres may still be stopping.
  const second = await startInChild(directory.path, "stop");
  expect(await second.exited).toBe(0);
  await hasEnded(first.report.pid);
});

/** The guard shell dies with its session in some container runtimes; then Postgres is left running and the next start takes over. */
test("a Postgres left running is stopped by the next start, which says so", async () => {
  const first = await startInChild(directory.path, "wait");
  for (const guard of guardsOf(first.child.pid ?? 0, first.report.pid)) process.kill(guard, "SIGKILL");
  first.child.kill("SIGKILL");
  await first.exited;
  expect(isAlive(first.report.pid)).toBe(true);
  const second = await startInChild(directory.path, "stop");
  await second.exited;
  expect(second.log()).toContain(`a Postgres (process ${first.report.pid}) was left running`);
  await hasEnded(first.report.pid);
});

test("without HOME, with TMPDIR of nowhere and a locale that is not installed", async () => {
  const { exited, report } = await startInChild(directory.path, "stop", {
    env: { PATH: process.env.PATH, TMPDIR: "/does/not/exist", LC_ALL: "xx_YY.UTF-8", PGDATA: "/nowhere", PGPORT: "1" },
  });
  expect(await exited).toBe(0);
  expect(report.dataDir).toBe(directory.path);
});

describe("as root", () => {
  test("below a directory that only root can enter, files go elsewhere and stay there", async ({ skip }) => {
    if (!isRoot) return skip("needs root: only root has to hand Postgres to another user");
    const home = join(directory.path, "home");
    mkdirSync(home, { mode: 0o700 });
    const dataDir = join(home, "checkout", ".flovyn", "postgres");
    const first = await startEmbeddedPostgres({ dataDir });
    try {
      expect(first.dataDir).not.toContain(home);
      expect(readFileSync(join(dataDir, "location"), "utf8").trim()).toBe(first.dataDir);
      await first.stop();
      const second = await startEmbeddedPostgres({ dataDir });
      expect(second.dataDir).toBe(first.dataDir);
      await second.stop();
    } finally {
      await first.stop();
      rmSync(first.dataDir, { recursive: true, force: true });
    }
  });

  test("a umask that hides everything does not hide the binaries", async ({ skip }) => {
    if (!isRoot) return skip("needs root: only root has to hand Postgres to another user");
    const before = process.umask(0o077);
    try {
      const one = await startEmbeddedPostgres({ dataDir: join(directory.path, "data") });
      expect(one.dataDir).toBe(join(directory.path, "data"));
      await one.stop();
    } finally {
      process.umask(before);
    }
  });
});

test("an ordinary user, below a private home", async ({ skip }) => {
  if (!isRoot) return skip("needs root to become another user; all other tests run as an ordinary user already");
  const nobody = 65534;
  if (!canUse(dirname(script), { uid: nobody, gid: nobody }, "enter")) {
    return skip("needs a checkout that another user can read; this one lies below a private directory");
  }
  const home = join(directory.path, "home");
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, nobody, nobody);
  chmodSync(home, 0o700);
  const dataDir = join(home, "data");
  const { exited, report } = await startInChild(dataDir, "stop", { uid: nobody, gid: nobody });
  expect(await exited).toBe(0);
  expect(report).toMatchObject({ user: nobody, dataDir });
});

/** Processes that were started by `parent` and guard `pid`. */
function guardsOf(parent: number, pid: number): number[] {
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ").map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes(`kill -INT ${pid}`));
}
