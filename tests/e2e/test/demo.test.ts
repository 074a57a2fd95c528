/**
 * The two examples on a development server, as a person runs them. Goal: an order is shipped although its payment fails
 * once; a folder is indexed to the same counts and hashes as `wc` and `sha256sum` give, although the worker is killed with
 * kill -9 in the middle and started again, and every file is counted once.
 */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FolderIndex } from "@flovyn/example-folder-index";
import type { Receipt } from "@flovyn/example-order-processing";
import { describe, expect, it } from "vitest";
import { killedAtLine, printedJson, useDevServer } from "./use-dev-server.js";

const filesTotal = 500;
const server = useDevServer();

async function eventTypes(id: string): Promise<string[]> {
  return (await server.history(id)).map(({ eventType }) => eventType);
}

describe("the examples on a development server", () => {
  it("ship an order whose payment fails at the first attempt", async () => {
    const demo = server.flovyn("demo", "orders");
    expect((await demo.exited).code).toBe(0);
    const receipt = printedJson<Receipt>(demo.lines);
    expect(receipt).toMatchObject({ orderId: "A-1001", totalCents: 6920 });
    expect(receipt.reservations).toHaveLength(3);
    expect(demo.lines.join("\n")).toMatch(/charge-customer \(attempt 1\) +an attempt failed: the card network/);
    const [, id] = (await demo.waitForLine(/^workflow (\S+)$/)) as unknown as [string, string];
    const types = await eventTypes(id);
    expect(types.filter((type) => type === "TASK_SCHEDULED")).toHaveLength(7);
    expect(types.filter((type) => type === "TASK_COMPLETED")).toHaveLength(7);
    expect(types.at(-1)).toBe("WORKFLOW_COMPLETED");
  });

  it("hold a workflow that a bad deploy cannot run, with the reason, until a deploy heals it", async () => {
    const demo = server.flovyn("demo", "bad-deploy");
    expect((await demo.exited).code).toBe(0);
    const text = demo.lines.join("\n");
    expect(text).toMatch(/status (PENDING|RUNNING), activationFailures 2/);
    expect(text).toMatch(/DETERMINISM_VIOLATION, next try at 20/);
    expect(text).toMatch(/Determinism violation: .*task "ship".*task "charge"/);
    expect(printedJson<string[]>(demo.lines)).toEqual(["charged for December", "shipped for December"]);
    const [, id] = (await demo.waitForLine(/^workflow (\S+)$/)) as unknown as [string, string];
    expect((await eventTypes(id)).at(-1)).toBe("WORKFLOW_COMPLETED");
  });

  it("index a folder once, over the death of their worker", { timeout: 300_000 }, async () => {
    const folder = join(server.directory, "folder");
    for (let index = 0; index < filesTotal; index++) {
      const place = join(folder, `sub-${index % 7}`);
      mkdirSync(place, { recursive: true });
      const text = randomBytes(index * 3).toString(index % 2 === 0 ? "base64" : "latin1");
      writeFileSync(join(place, `file ${index}.txt`), text.replace(/[Ab]/g, " ").replace(/c/g, "\n"));
    }
    const { id } = await killedAtLine(server, new RegExp(`indexed \\d+ of ${filesTotal}`), "demo", "index", folder);

    const second = server.flovyn("demo", "index", folder, "--json");
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
