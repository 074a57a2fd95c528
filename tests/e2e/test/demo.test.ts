/**
 * The two examples on a development server, as a person runs them. Goal: an order is shipped although its payment fails
 * once; a folder is indexed to the same counts and hashes as `wc` and `sha256sum` give, although the worker is killed with
 * kill -9 in the middle and started again, and every file is counted once.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FolderIndex } from "@flovyn/example-folder-index";
import type { Receipt } from "@flovyn/example-order-processing";
import { createTestDatabase, freePort, spawnProcess, type TestProcess, workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const filesTotal = 500;

let directory: string;
let server: TestProcess;
let http: number;
let grpc: number;
const undo: (() => unknown)[] = [];

function flovyn(name: string, ...args: string[]): TestProcess {
  const ports = ["--data", join(directory, "data"), "--http-port", String(http), "--grpc-port", String(grpc)];
  return spawnProcess({
    name,
    command: process.execPath,
    args: [join(workspaceRoot(), "bin/flovyn"), ...args, ...ports],
    env: { CONFIG_FILE: undefined, NODE_OPTIONS: undefined },
  });
}

/** The JSON document that a process printed, over one line or several. */
function printedJson<Value>(lines: readonly string[]): Value {
  const from = lines.findIndex((line) => line.startsWith("{"));
  return JSON.parse(lines.slice(from).join("\n")) as Value;
}

async function eventTypes(id: string): Promise<string[]> {
  const { apiKey, orgSlug } = JSON.parse(readFileSync(join(directory, "data", "credentials.json"), "utf8"));
  const url = `http://localhost:${http}/api/orgs/${orgSlug}/workflow-executions/${id}/events`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const { events } = (await answer.json()) as { events: { eventType: string }[] };
  return events.map((event) => event.eventType);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "flovyn-demo-"));
  undo.push(() => rmSync(directory, { recursive: true, force: true }));
  const database = await createTestDatabase();
  undo.push(() => database.drop());
  [http, grpc] = [await freePort(), await freePort()];
  server = flovyn("dev", "dev", "--no-demo", "--database-url", database.url);
  undo.push(() => server.stop());
  await server.waitForLine(/Ctrl-C stops/, { timeoutMs: 30_000 });
});
afterAll(async () => {
  for (const step of undo.reverse()) await step();
});

describe("the examples on a development server", () => {
  it("ship an order whose payment fails at the first attempt", async () => {
    const demo = flovyn("demo orders", "demo", "orders");
    expect((await demo.exited).code).toBe(0);
    const receipt = printedJson<Receipt>(demo.lines);
    expect(receipt).toMatchObject({ orderId: "A-1001", totalCents: 6920 });
    expect(receipt.reservations).toHaveLength(3);
    expect(demo.lines.join("\n")).toMatch(/charge-customer \(attempt 1\) +an attempt failed: the card network/);
    const [, id] = (await demo.waitForLine(/is workflow (\S+)/)) as unknown as [string, string];
    const types = await eventTypes(id);
    expect(types.filter((type) => type === "TASK_SCHEDULED")).toHaveLength(7);
    expect(types.filter((type) => type === "TASK_COMPLETED")).toHaveLength(7);
    expect(types.at(-1)).toBe("WORKFLOW_COMPLETED");
  });

  it("index a folder once, over the death of their worker", { timeout: 90_000 }, async () => {
    const folder = join(directory, "folder");
    for (let index = 0; index < filesTotal; index++) {
      const place = join(folder, `sub-${index % 7}`);
      mkdirSync(place, { recursive: true });
      const text = randomBytes(index * 3).toString(index % 2 === 0 ? "base64" : "latin1");
      writeFileSync(join(place, `file ${index}.txt`), text.replace(/[Ab]/g, " ").replace(/c/g, "\n"));
    }
    const first = flovyn("demo index", "demo", "index", folder);
    const [, id] = (await first.waitForLine(/^workflow (\S+)$/)) as unknown as [string, string];
    await first.waitForLine(new RegExp(`indexed \\d+ of ${filesTotal}`));
    await first.kill("SIGKILL");

    const second = flovyn("demo index, again", "demo", "index", folder, "--json");
    expect((await second.exited).code).toBe(0);
    expect(second.lines).toContain(`workflow ${id}, continued`);
    const index = printedJson<FolderIndex>(second.lines.filter((line) => line.startsWith("{")));
    expect(new Set(index.files.map((file) => file.path)).size).toBe(filesTotal);
    expect(index.files).toHaveLength(filesTotal);
    const env = { ...process.env, LC_ALL: "C" };
    const paths = index.files.map((file) => file.path);
    const counted = execFileSync("wc", ["-lwc", ...paths], { cwd: folder, env })
      .toString()
      .trim()
      .split("\n");
    const sums = execFileSync("sha256sum", paths, { cwd: folder, env }).toString().trim().split("\n");
    for (const [at, file] of index.files.entries()) {
      expect(counted[at]?.trim().split(/\s+/).slice(0, 3).map(Number)).toEqual([file.lines, file.words, file.bytes]);
      expect(sums[at]?.slice(0, 64)).toBe(file.sha256);
    }
    const types = await eventTypes(id);
    expect(types.filter((type) => type === "TASK_SCHEDULED")).toHaveLength(filesTotal);
    expect(types.filter((type) => type === "TASK_COMPLETED")).toHaveLength(filesTotal);
    expect(types.at(-1)).toBe("WORKFLOW_COMPLETED");
  });
});
