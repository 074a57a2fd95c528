import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { isSystemError } from "./errors.js";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isSystemError(error, "EPERM");
  }
  return !isZombie(pid);
}

/** A value that differs between two processes that had the same id one after the other, or null when the system does not tell. */
export function startTimeOf(pid: number): string | null {
  return statFields(pid)?.[19] ?? null;
}

/** Whether the process is a Postgres serving this cluster. A postmaster makes its cluster its working directory. */
export function servesCluster(pid: number, cluster: string): boolean {
  if (existsSync("/proc/self/cwd")) {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === cluster;
    } catch {
      // Gone, or of a user whose processes we may not look at: not one that we started.
      return false;
    }
  }
  const { stdout } = spawnSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  return typeof stdout === "string" && stdout.includes("postgres") && stdout.includes(cluster);
}

/** A process that nobody has waited for yet still takes signals, but is dead. */
function isZombie(pid: number): boolean {
  return statFields(pid)?.[0] === "Z";
}

/** /proc/<pid>/stat from its third field on: the second is the command in parentheses and may hold blanks. */
function statFields(pid: number): string[] | undefined {
  const path = `/proc/${pid}/stat`;
  try {
    const text = readFileSync(path, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // No /proc on this system, or no such process.
    return undefined;
  }
}
