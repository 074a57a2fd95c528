import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that every user can enter, and what removes it again. */
export function makeTemporaryDirectory(parent: string = tmpdir()): { path: string; remove(): void } {
  const path = mkdtempSync(join(parent, "flovyn-pg-"));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
