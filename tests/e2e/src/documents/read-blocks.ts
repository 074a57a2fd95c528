import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { workspaceRoot } from "@flovyn/testing";

/** One block of code of a document. */
export interface Block {
  /** `docs/rest.md`. */
  file: string;
  /** Of its first line of code. */
  line: number;
  language: string;
  text: string;
  /** Why it is not run: what its first line says, for readers as well. */
  notRun: string | undefined;
}

/** The documents whose blocks are run. */
export function documents(): string[] {
  const root = workspaceRoot();
  const below = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "adr" ? [] : below(path);
      return entry.name.endsWith(".md") ? [path] : [];
    });
  return ["README.md", "packages/sdk/README.md", ...below("docs").map((path) => relative(".", path))].sort();
}

const notRunForm = /^(?:#|\/\/) Not run by the tests: (.+)$/;

/** The blocks of a document, in their order. */
export function readBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const [index, line] of readFileSync(join(workspaceRoot(), file), "utf8").split("\n").entries()) {
    const fence = /^```(\S*)/.exec(line);
    if (fence === null) {
      if (open !== undefined) open.text += `${line}\n`;
    } else if (open !== undefined) {
      open.notRun = notRunForm.exec(open.text.split("\n", 1)[0] ?? "")?.[1];
      blocks.push(open);
      open = undefined;
    } else open = { file, line: index + 2, language: fence[1] ?? "", text: "", notRun: undefined };
  }
  return blocks;
}
