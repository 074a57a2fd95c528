import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WorkflowFailedError } from "@flovyn/sdk";
import { afterEach, beforeEach, expect, it } from "vitest";
import { withNotedExecution } from "./noted-execution.js";

let dataDir: string;
let started: number;
let said: string[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "flovyn-note-"));
  started = 0;
  said = [];
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

function run<Result>(name: string, follow: (id: string) => Promise<Result>): Promise<Result> {
  const start = async () => ({ id: `execution-${++started}` });
  return withNotedExecution({ dataDir, name, start, say: (line) => said.push(line) }, follow);
}

it("starts, gives the result and forgets", async () => {
  expect(await run("saga", async (id) => id)).toBe("execution-1");
  expect(await run("saga", async (id) => id)).toBe("execution-2");
  expect(said).toEqual(["workflow execution-1", "workflow execution-2"]);
  expect(readdirSync(dataDir)).toEqual([]);
});

it("goes on with an execution whose process came to nothing", async () => {
  await expect(run("saga", () => Promise.reject(new Error("killed")))).rejects.toThrow("killed");
  expect(await run("other", async (id) => id)).toBe("execution-2");
  expect(await run("saga", async (id) => id)).toBe("execution-1");
  expect(said.at(-1)).toBe("workflow execution-1, continued");
});

it("does not go on with an execution that failed", async () => {
  const failed = new WorkflowFailedError("execution-1", "no");
  await expect(run("saga", () => Promise.reject(failed))).rejects.toBe(failed);
  expect(await run("saga", async (id) => id)).toBe("execution-2");
});
