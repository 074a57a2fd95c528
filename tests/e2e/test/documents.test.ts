/**
 * Goal: what documents show works. Approach: the types of every TypeScript block are checked against the packages, and the
 * shell blocks of a page run one after the other in one shell, against a server as `npm start` leaves it. A block that cannot
 * be run says so in its first line, with the reason.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnProcess, workspaceRoot } from "@flovyn/testing";
import { beforeAll, describe, expect, it } from "vitest";
import { documentNames } from "../src/documents/names.js";
import { type Block, documents, readBlocks } from "../src/documents/read-blocks.js";
import { typeCheck } from "../src/documents/type-check.js";
import { useDevServer } from "./use-dev-server.js";

const blocks = documents().flatMap(readBlocks);
const shell = blocks.filter(({ language }) => language === "sh");
const typescript = blocks.filter(({ language }) => language === "ts");
const titleOf = ({ file, line }: Block) => `${file}:${line}`;

it("every block of code says in which language it is", () => {
  const known = ["sh", "ts", "toml", "json", "text", "mermaid", "yaml", "cedar", "sql", ""];
  expect(blocks.filter(({ language }) => !known.includes(language)).map(titleOf)).toEqual([]);
  expect(shell.length).toBeGreaterThan(15);
  expect(typescript.length).toBeGreaterThan(15);
});

it("the types of every TypeScript block are right", async () => {
  expect(typescript.filter(({ notRun }) => notRun !== undefined).map(titleOf)).toEqual([]);
  expect(await typeCheck(typescript, documentNames)).toEqual([]);
});

it("links between documents lead to files that are there", () => {
  const missing = documents().flatMap((file) => {
    const text = readFileSync(join(workspaceRoot(), file), "utf8");
    const targets = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? "");
    return targets
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(join(workspaceRoot(), dirname(file), target)))
      .map((target) => `${file}: ${target}`);
  });
  expect(missing).toEqual([]);
});

describe("the shell blocks", () => {
  const server = useDevServer();
  const pages = [...new Set(shell.map(({ file }) => file))];
  let folder = "";

  beforeAll(() => {
    folder = join(server.directory, "reader");
    mkdirSync(join(folder, "bin"), { recursive: true });
    symlinkSync(join(server.directory, "data"), join(folder, ".flovyn"));
    const [program, ...args] = server.command();
    const wrapper = `#!/bin/sh\nexec ${[program, args[0]].join(" ")} "$@" ${args.slice(1).join(" ")}\n`;
    writeFileSync(join(folder, "bin/flovyn"), wrapper);
    // A refusal of the server ends the page, which curl alone would not.
    const curl = execFileSync("sh", ["-c", "command -v curl"]).toString().trim();
    writeFileSync(
      join(folder, "bin/curl"),
      `#!/bin/sh
exec ${curl} --fail-with-body "$@"
`,
    );
    for (const name of ["flovyn", "curl"]) chmodSync(join(folder, "bin", name), 0o755);
  });

  const notRun = shell.flatMap((block) =>
    block.notRun === undefined ? [] : [[titleOf(block), block.notRun] as const],
  );
  it.for(notRun)("at %s is not run", ([, reason], { skip }) => skip(reason));

  it.each(pages)("of %s do what they say, but for those that say that they are not run", async (file) => {
    const ofPage = shell.filter((block) => block.file === file);
    const run = ofPage.filter(({ notRun }) => notRun === undefined);
    const script = run.map((block) => `echo "at ${titleOf(block)}" >&2\n${server.atItsPorts(block.text)}`).join("\n");
    const page = spawnProcess({
      name: file,
      command: "bash",
      args: ["-euo", "pipefail", "-c", `cd '${folder}'\nPATH='${join(folder, "bin")}':$PATH\n${script}`],
    });
    const { code } = await page.exited;
    expect({ code, output: code === 0 ? [] : page.lines.slice(-8) }).toEqual({ code: 0, output: [] });
  });
});
