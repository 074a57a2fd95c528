/**
 * Goal: no word of a command line is ignored, and every command explains itself. Approach: the commands and options are read from
 * the program, so that one which is added is tested without being listed.
 */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import type { Command } from "commander";
import { describe, expect, it, vi } from "vitest";
import { explainError } from "../src/command-line/explain-error.js";
import { createProgram, runCommandLine } from "../src/command-line/program.js";
import { demos } from "../src/demos/catalogue.js";

/** Every command that does something, by the words that call it. Not those that only have others below them. */
function leavesOf(command: Command, words: string[] = []): [string[], Command][] {
  const below = command.commands.filter((one) => one.name() !== "help");
  if (below.length === 0) return [[words, command]];
  return below.flatMap((one) => leavesOf(one, [...words, one.name()]));
}

function groupsOf(command: Command, words: string[] = []): [string[], Command][] {
  if (command.commands.length === 0) return [];
  return [[words, command], ...command.commands.flatMap((one) => groupsOf(one, [...words, one.name()]))];
}

const leaves = leavesOf(createProgram());
const calls = leaves.map(([words]) => words.join(" "));

/** A program whose commands do nothing. */
function idleProgram(): Command {
  const program = createProgram();
  for (const [, leaf] of leavesOf(program)) leaf.action(() => {});
  return program;
}

async function refusalOf(words: readonly string[]): Promise<{ text: string; exitCode: number }> {
  const thrown = await idleProgram()
    .parseAsync([...words], { from: "user" })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(thrown, `${words.join(" ")} was taken`).toBeDefined();
  return explainError(thrown);
}

async function outputOf(words: readonly string[]): Promise<string> {
  let written = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written += text.toString();
    return true;
  });
  try {
    await runCommandLine(words);
  } finally {
    write.mockRestore();
  }
  return written;
}

const withoutLast = (word: string) => word.slice(0, -1);
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

describe("each command", () => {
  it("is found", () => {
    const known = ["dev", "serve", "migrate", "doctor", "org list", "token create", "auth explain", "version"];
    expect(calls).toEqual(expect.arrayContaining(known));
  });

  it.each(calls)("%s has help of its own whose examples it takes", async (call) => {
    const help = await outputOf([...call.split(" "), "--help"]);
    expect(help).toContain(`Usage: flovyn ${call}`);
    const examples = help.slice(help.indexOf("Examples:")).split("\n").slice(1);
    const lines = examples.map((line) => line.trim().replace(/^flovyn /, "")).filter((line) => line !== "");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      expect(line.startsWith(call)).toBe(true);
      await idleProgram().parseAsync(wordsOf(line), { from: "user" });
    }
  });

  it.each(calls)("%s refuses an option that it has not", async (call) => {
    const { text, exitCode } = await refusalOf([...call.split(" "), "--qqqqqqqqq"]);
    expect([text, exitCode]).toEqual(["unknown option '--qqqqqqqqq'", 2]);
  });

  const options = leaves.flatMap(([words, leaf]) =>
    leaf.options.flatMap(({ long }) => (long ? [[words.join(" "), long] as const] : [])),
  );
  it.each(options)("%s names %s to a caller who misspelt it", async (call, option) => {
    const { text, exitCode } = await refusalOf([...call.split(" "), withoutLast(option)]);
    expect(exitCode).toBe(2);
    expect(text).toContain(`unknown option '${withoutLast(option)}'`);
    expect(text).toMatch(/Did you mean .*--/);
  });

  it.each(calls)("%s refuses a word too many", async (call) => {
    const { exitCode } = await refusalOf([...call.split(" "), "a", "b", "c", "d"]);
    expect(exitCode).toBe(2);
  });

  const named = groupsOf(createProgram()).flatMap(([words, group]) =>
    group.commands.map((one) => [[...words, one.name()].join(" ")]),
  );
  it.each(named)("%s is named to a caller who misspelt it", async (call) => {
    const words = call.split(" ");
    const last = words.at(-1) ?? "";
    const wrong = `${last}x`;
    const { text, exitCode } = await refusalOf([...words.slice(0, -1), wrong]);
    expect(exitCode).toBe(2);
    expect(text).toContain(`unknown command '${wrong}'`);
    expect(text).toContain(last);
  });
});

describe("flovyn demo", () => {
  it("lists every demo", async () => {
    const list = await outputOf(["demo"]);
    for (const { name } of demos) expect(list).toMatch(new RegExp(`^  ${name} `, "m"));
    expect(demos.every(({ summary }) => summary.length <= 80)).toBe(true);
  });
});

/** Runs the built command; with `readsOf` of its output closed after the first bytes. */
function flovyn(args: readonly string[], options: { closes?: boolean } = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const env = { ...process.env, CONFIG_FILE: undefined, DATABASE_URL: undefined };
    const child = execFile(process.execPath, [join(workspaceRoot(), "bin/flovyn"), ...args], { env });
    let [out, err] = ["", ""];
    child.stdout?.on("data", (text) => {
      out += text;
    });
    child.stderr?.on("data", (text) => {
      err += text;
    });
    if (options.closes) child.stdout?.destroy();
    child.once("close", (code) => resolve({ code, out, err }));
  });
}

describe("the process", () => {
  it.each([["doctor"], ["--help"], ["auth actions"], ["demo"], ["version"]])(
    "of flovyn %s ends quietly when its reader does",
    async (call) => {
      expect(await flovyn(call.split(" "), { closes: true })).toMatchObject({ code: 0, err: "" });
    },
  );

  it("says which option names another port before it starts anything", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const port = (taken.address() as { port: number }).port;
    try {
      for (const option of ["--http-port", "--grpc-port", "--ops-port"]) {
        const ports = ["--http-port", "--grpc-port", "--ops-port"].flatMap((one) => [
          one,
          one === option ? `${port}` : "0",
        ]);
        const data = join(workspaceRoot(), "node_modules/.cache/flovyn-ports");
        const { code, err, out } = await flovyn(["dev", "--host", "127.0.0.1", "--data", data, ...ports]);
        expect([code, err]).toEqual([2, expect.stringContaining(`flovyn: ${option}: port ${port}`)]);
        expect(out).not.toContain("Postgres");
      }
    } finally {
      taken.close();
    }
  });

  it.each([["serve all"], ["dev"], ["doctor"], ["migrate"], ["auth explain worker:w@acme pollTask"]])(
    "of flovyn %s names the option whose file cannot be read",
    async (call) => {
      const { code, err } = await flovyn([...call.split(" "), "--config", "/nope"]);
      expect([code, err]).toEqual([2, expect.stringContaining("--config: the file /nope cannot be read")]);
    },
  );

  it("refuses a role that does not exist, and shows a denial of one that does", async () => {
    const explain = (role: string) => flovyn(["auth", "explain", `user:alice@acme:${role}`, "createWorkerToken"]);
    expect(await explain("VIEWER")).toMatchObject({ code: 0, out: expect.stringContaining("denied") });
    for (const role of ["VIEWERS", "admin", "WORKER"]) {
      expect(await explain(role)).toMatchObject({ code: 2, err: expect.stringContaining(`${role} is no role`) });
    }
  });

  it("says what was dialled where the server ends the connection, at whichever moment", async () => {
    const endings = ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"];
    for (const ending of endings) {
      const server = createServer((socket) => socket.once("data", () => socket.end(ending)).on("error", () => {}));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
      const args = ["token", "list", "--http-url", url, "--key", "k", "--org", "acme"];
      const { code, err } = await flovyn(args);
      server.close();
      expect(code).toBe(1);
      expect(err.trim().split("\n")).toEqual([
        expect.stringMatching(`^flovyn: ${url} does not answer .*check --http-url`),
      ]);
    }
  });
});
