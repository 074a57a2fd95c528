import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedPostgresError, isSystemError } from "./errors.js";
import { isAlive, startTimeOf } from "./process-identity.js";

interface Owner {
  pid: number;
  /** Tells the process from a later one with the same id; null where the system does not say. */
  startTime: string | null;
}

/**
 * Marks the home as used by this process and returns what takes the mark away again. A mark left by a dead process is replaced.
 * Errors: InUse, when the owner lives.
 */
export function takeOwnership(home: string): () => void {
  const path = join(home, "owner.json");
  const mine: Owner = { pid: process.pid, startTime: startTimeOf(process.pid) };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(path, `${JSON.stringify(mine)}\n`, { flag: "wx", mode: 0o644 });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
    }
    const other = readOwner(path);
    if (other && lives(other)) {
      throw new EmbeddedPostgresError(
        "InUse",
        `The data directory ${home} is in use by process ${other.pid}. Stop that process, or give another data directory.`,
      );
    }
    rmSync(path, { force: true });
  }
  throw new EmbeddedPostgresError("InUse", `Several processes are starting on the data directory ${home} at once.`);
}

function lives(owner: Owner): boolean {
  return isAlive(owner.pid) && (owner.startTime === null || owner.startTime === startTimeOf(owner.pid));
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    // Cut short or already gone: either way nobody can be shown to own the home.
    return undefined;
  }
}
