import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository, found from this file upwards. */
export function workspaceRoot(directory: string = dirname(fileURLToPath(import.meta.url))): string {
  if (existsSync(join(directory, "pnpm-workspace.yaml"))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error("@flovyn/testing is used outside of the repository");
  return workspaceRoot(parent);
}
