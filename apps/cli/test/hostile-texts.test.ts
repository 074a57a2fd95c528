/**
 * Goal: no text of a server, a policy or a workflow commands the terminal of who reads it, or begins a line of its own. Approach:
 * the commands run in this process against a server that answers with every such character in every text; nothing else in the
 * sources writes to the terminal.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terminalLine } from "@flovyn/runtime";
import { workspaceRoot } from "@flovyn/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { runCommandLine } from "../src/command-line/program.js";
import { createDemoLogger } from "../src/dev/demo-logger.js";
import { eventLine } from "../src/dev/event-line.js";
import { print, printAside, printFailure } from "../src/print.js";

const commanding = Array.from({ length: 0x1_0000 }, (_, code) => String.fromCharCode(code)).filter(
  (character) => terminalLine(character) !== character,
);
const hostile = `<${commanding.join("|")}>`;
/** The same as an argument of a process may be. */
const wellFormed = hostile.replaceAll(/\p{Cs}/gu, "");
/** A time that `Date.parse` reads is the only other text in these answers. */
const everyText = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, hostile]));
const oneOrg = everyText(["id", "name", "slug", "tier", "createdAt"]);
const oneToken = everyText(["id", "displayName", "prefix", "createdAt", "expiresAt", "lastUsedAt", "token"]);

let answer: { status: number; body: unknown };
const server = createServer((_request, response) => {
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer.body));
});
const folder = mkdtempSync(join(tmpdir(), "flovyn-hostile-"));
let written: string;

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  rmSync(folder, { recursive: true });
  server.close();
});
beforeEach(() => {
  written = "";
  const keep = (text: string | Uint8Array) => {
    written += text.toString();
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  return () => vi.restoreAllMocks();
});

/** What was printed, line by line; none of them holds what a terminal acts on. */
function linesOf(text: string): string[] {
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.filter((line) => terminalLine(line) !== line)).toEqual([]);
  return lines;
}

const calling = (...more: string[]) => [
  ...more,
  "--http-url",
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ...["--key", "key", "--org", "acme"],
];

type Case = [line: string, run: () => Promise<void>, body: unknown, lines: number];

const cases: Case[] = [
  ["org list", () => runCommandLine(calling("org", "list")), { orgs: [oneOrg, oneOrg], nextCursor: null }, 3],
  ["org list --json", () => runCommandLine(calling("org", "list", "--json")), { orgs: [oneOrg], nextCursor: null }, 1],
  ["org create", () => runCommandLine(calling("org", "create", "acme")), oneOrg, 1],
  ["org create --json", () => runCommandLine(calling("org", "create", "acme", "--json")), oneOrg, 1],
  [
    "token list",
    () => runCommandLine(calling("token", "list")),
    { tokens: [{ ...oneToken, revokedAt: hostile }], nextCursor: null },
    2,
  ],
  [
    "token list of valid ones",
    () => runCommandLine(calling("token", "list")),
    { tokens: [{ ...oneToken, revokedAt: null }], nextCursor: null },
    2,
  ],
  [
    "token list --json",
    () => runCommandLine(calling("token", "list", "--json")),
    { tokens: [oneToken], nextCursor: null },
    1,
  ],
  ["token create", () => runCommandLine(calling("token", "create", "name")), oneToken, 2],
  ["token create --json", () => runCommandLine(calling("token", "create", "name", "--json")), oneToken, 1],
  ["token revoke", () => runCommandLine(calling("token", "revoke", wellFormed)), {}, 1],
  ["token revoke --json", () => runCommandLine(calling("token", "revoke", wellFormed, "--json")), {}, 1],
];

describe("texts of a server", () => {
  it.each(cases)("are only shown by flovyn %s", async (_line, run, body, lines) => {
    answer = { status: 200, body };
    await run();
    expect(linesOf(written)).toHaveLength(lines);
    expect(written).toContain("\\u009b");
  });

  it("keep their value as JSON", async () => {
    answer = { status: 200, body: { orgs: [oneOrg], nextCursor: null } };
    await runCommandLine(calling("org", "list", "--json"));
    expect(JSON.parse(written)).toEqual([oneOrg]);
  });

  it.each([
    ["a problem", { detail: hostile }],
    ["something else", hostile],
  ])("are one line where the server refuses with %s", async (_what, body) => {
    answer = { status: 400, body };
    const error = await runCommandLine(calling("org", "list")).catch((thrown: unknown) => thrown);
    printFailure((error as Error).message);
    expect(linesOf(written)).toHaveLength(1);
    expect(written).toMatch(/^flovyn: 400: /);
  });
});

describe("texts of policies", () => {
  it.each([[[]], [["--json"]]])("are only shown by flovyn auth explain %j", async (more) => {
    const [policy, config] = [join(folder, "own.cedar"), join(folder, "config.toml")];
    // A lone half of a pair cannot be in a file; Cedar knows the escapes of the others.
    const description = commanding
      .filter((character) => !/\p{Cs}/u.test(character))
      .map((character) => `\\u{${character.charCodeAt(0).toString(16)}}`)
      .join("");
    writeFileSync(config, `[auth.cedar]\npolicies = ["${policy}"]\n`);
    writeFileSync(policy, `@id("mine") @description("${description}") forbid (principal, action, resource);`);
    await runCommandLine(["auth", "explain", "worker:w1@acme", "pollTask", "--config", config, ...more]);
    expect(linesOf(written)).toHaveLength(more.length === 0 ? 2 : 1);
    expect(written).toContain("\\u009b");
  });
});

describe("texts of workflows", () => {
  const types = readFileSync(join(import.meta.dirname, "../src/dev/event-line.ts"), "utf8").matchAll(
    /case "([A-Z_]+)":/g,
  );

  it.each([...types].map(([, type]) => [type ?? ""]))("are only shown in the line of %s", (eventType) => {
    const texts = ["workflowKind", "error", "reason", "operationName", "key", "kind", "timerId", "promiseName"];
    const more = ["idempotencyKey", "childExecutionName", "childWorkflowKind", "signalName"];
    for (const character of commanding) {
      const values = ["result", "value", "output", "signalValue"].map((name) => [name, { [character]: character }]);
      const data = Object.fromEntries([...[...texts, ...more].map((name) => [name, `<${character}>`]), ...values]);
      print(eventLine({ sequence: 1, eventType, timestamp: "2026-11-21T08:29:57.230Z", data }, 0));
    }
    expect(linesOf(written)).toHaveLength(commanding.length);
  });

  it("are only shown between the lines of a demo, and aside", () => {
    createDemoLogger(print).error(hostile, { kind: hostile, attempt: hostile, err: new Error(hostile) });
    printAside(hostile);
    expect(linesOf(written)).toHaveLength(2);
  });
});

it("nothing but the one file for it writes to the terminal", () => {
  const sources = join(workspaceRoot(), "apps/cli/src");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(20);
  const writing = files.filter((name) =>
    /process\.std(out|err)|console\./.test(readFileSync(join(sources, name), "utf8")),
  );
  expect(writing).toEqual(["print.ts"]);
});
