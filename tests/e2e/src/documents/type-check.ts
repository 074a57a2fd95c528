import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspaceRoot } from "@flovyn/testing";
import type { Block } from "./read-blocks.js";

/**
 * Checks the types of blocks against the packages as they are built, all in one pass. `names` declares what blocks take for
 * granted, as `ctx` and `order`. Returns what is wrong, with the line of the document.
 */
export async function typeCheck(blocks: readonly Block[], names: string): Promise<string[]> {
  const folder = mkdtempSync(join(workspaceRoot(), "tests/e2e/.flovyn-documents-"));
  try {
    for (const [index, block] of blocks.entries()) writeFileSync(join(folder, `${index}.ts`), asModule(block));
    writeFileSync(join(folder, "names.d.ts"), names);
    const options = {
      noEmit: true,
      noUnusedLocals: false,
      lib: ["ES2023", "ES2024.Promise"],
      verbatimModuleSyntax: false,
    };
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ extends: "../../../tsconfig.base.json", compilerOptions: options, include: ["*.ts"] }),
    );
    const output = await run(folder);
    return output.split("\n").flatMap((line) => {
      const [, index, at, text] = /^(?:.*\/)?(\d+|names\.d)\.ts\((\d+),\d+\): error (.*)$/.exec(line) ?? [];
      if (index === undefined) return /error TS/.test(line) ? [line] : [];
      const block = blocks[Number(index)];
      return [`${block?.file ?? "names"}:${(block?.line ?? 1) + Number(at) - 1}: ${text}`];
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A block as a module: imports stay outside, the rest is the body of a function, on the same lines. */
function asModule({ text }: Block): string {
  const lines = text.split("\n");
  const body = lines.findIndex((line) => line !== "" && !line.startsWith("import "));
  const first = lines[body] ?? "";
  // `ctx` and the like are global; what a block declares itself hides them.
  return [...lines.slice(0, body), `export async function block() { ${first}`, ...lines.slice(body + 1), "}"].join(
    "\n",
  );
}

function run(folder: string): Promise<string> {
  const tsc = join(workspaceRoot(), "node_modules/typescript/bin/tsc");
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", folder, "--pretty", "false"], (_error, out, err) => resolve(out + err));
  });
}
