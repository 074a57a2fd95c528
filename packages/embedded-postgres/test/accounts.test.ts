/**
 * Goal: as root, what Postgres keeps is for Postgres alone. Approach: look at owners and modes, and try as `nobody`, which other
 * programs of the machine run as, too.
 */
import { chownSync, lchownSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { canUse } from "../src/account.js";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../src/index.js";
import { makeTemporaryDirectory } from "./temporary-directory.js";

const nobody = { uid: 65534, gid: 65534 };
let directory: ReturnType<typeof makeTemporaryDirectory>;
let running: EmbeddedPostgres[] = [];

beforeEach(({ skip }) => {
  if (process.getuid?.() !== 0) skip("needs root: only root has to hand Postgres to another user");
  directory = makeTemporaryDirectory();
});
afterEach(async () => {
  for (const one of running) await one.stop();
  running = [];
  // A test that was skipped made none.
  directory?.remove();
});

async function start(name: string, log: (line: string) => void = () => {}): Promise<EmbeddedPostgres> {
  const one = await startEmbeddedPostgres({ dataDir: join(directory.path, name), log });
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

const tree = (path: string): string[] => [
  path,
  ...readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name)),
];
const ownersOf = (path: string) => new Set(tree(path).map((each) => lstatSync(each).uid));
const known = () =>
  new Set(
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => Number(line.split(":")[2])),
  );

describe("as root", () => {
  test("each data directory is a user's of its own, which no other program runs as", async () => {
    const [one, other] = [await start("one"), await start("other")];
    const uids = [one, other].map(({ dataDir }) => statSync(join(dataDir, "cluster")).uid);
    expect(new Set(uids).size).toBe(2);
    for (const [index, { dataDir, pid }] of [one, other].entries()) {
      const uid = uids[index] ?? 0;
      expect([...known()]).not.toContain(uid);
      expect(ownersOf(join(dataDir, "cluster"))).toEqual(new Set([uid]));
      expect(statSync(`/proc/${pid}`).uid).toBe(uid);
    }
  });

  test("nothing of it is readable by others, nor by nobody", async () => {
    const { dataDir } = await start("data");
    const cluster = join(dataDir, "cluster");
    expect(tree(cluster).filter((path) => (lstatSync(path).mode & 0o077) !== 0)).toEqual([]);
    expect(canUse(cluster, nobody, "enter")).toBe(false);
    const password = statSync(join(dataDir, "password"));
    expect([password.uid, password.mode & 0o777]).toEqual([0, 0o600]);
    expect(readdirSync(dataDir).sort()).toEqual([
      "cluster",
      "owner.json",
      "password",
      expect.stringMatching(/^postgres-/),
    ]);
  });

  test.each([
    ["all of it", (path: string) => tree(path)],
    ["what a change that was cut short left", (path: string) => tree(path).filter((_, index) => index % 2 === 0)],
  ])("data that an earlier version gave to nobody gets a user of its own: %s", async (_what, pick) => {
    const first = await start("data");
    await query(first.url, "create table kept as select 42 as answer");
    await first.stop();
    const cluster = join(first.dataDir, "cluster");
    const { uid } = statSync(cluster);
    for (const path of pick(cluster)) lchownSync(path, nobody.uid, nobody.gid);
    const lines: string[] = [];
    const second = await start("data", (line) => lines.push(line));
    expect(await query(second.url, "select answer from kept")).toEqual([{ answer: 42 }]);
    expect(ownersOf(cluster)).toEqual(new Set([uid]));
    expect(lines.join("\n")).toContain(`from user ${nobody.uid} to user ${uid}`);
  });

  test("a directory of an ordinary user stays that user's", async ({ skip }) => {
    const [, , uid, gid] =
      readFileSync("/etc/passwd", "utf8")
        .split("\n")
        .map((line) => line.split(":"))
        .find(([name]) => name === "daemon" || name === "games") ?? [];
    if (uid === undefined) return skip("needs another user than root and nobody in /etc/passwd");
    const path = join(directory.path, "theirs");
    mkdirSync(path);
    chownSync(path, Number(uid), Number(gid));
    const { dataDir } = await start("theirs");
    expect(ownersOf(join(dataDir, "cluster"))).toEqual(new Set([Number(uid)]));
  });
});
