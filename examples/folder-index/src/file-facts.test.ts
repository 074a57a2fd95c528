/**
 * The facts of a file are those of `wc` and `sha256sum`. Method: files with all kinds of content are written, both
 * programs are asked, the answers compared.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readFileFacts } from "./file-facts.js";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "facts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function compare(content: Uint8Array): Promise<void> {
  const file = join(folder, "file");
  writeFileSync(file, content);
  const env = { ...process.env, LC_ALL: "C" };
  const counts = execFileSync("wc", ["-lwc", file], { env }).toString().trim().split(/\s+/).slice(0, 3).map(Number);
  const sha256 = execFileSync("sha256sum", [file]).toString().split(" ")[0];
  const facts = await readFileFacts(folder, "file");
  expect([facts.lines, facts.words, facts.bytes]).toEqual(counts);
  expect(facts.sha256).toBe(sha256);
}

it.each(["", "\n", "one", "one two\nthree\n", "  a\t\tb\v\fc\r\n", "no newline at the end", "x".repeat(200_000)])(
  "counts like wc: %#",
  async (text) => compare(Buffer.from(text)),
);

it("counts like wc whatever the bytes are", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), (content) => compare(content)),
    { numRuns: 60 },
  );
});
