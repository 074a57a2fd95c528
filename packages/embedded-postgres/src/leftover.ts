import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedPostgresError } from "./errors.js";
import { isAlive, servesCluster } from "./process-identity.js";

/** A fast shutdown writes a checkpoint, which takes seconds on a slow disk. */
const FAST_STOP_MS = 20_000;
const IMMEDIATE_STOP_MS = 10_000;
const CHECK_EVERY_MS = 20;
/** Stands for a lock file without a readable id: no process has this one. */
const NO_PROCESS = 2 ** 30;

/**
 * Clears the way for a new start: stops a Postgres that outlived the process that started it, and removes the lock file of one that is
 * dead. The caller owns the home, so whatever still runs here belongs to nobody. Errors: Failed, when it does not stop.
 */
export async function clearLeftover(cluster: string, log: (line: string) => void): Promise<void> {
  const lockFile = join(cluster, "postmaster.pid");
  const pid = readPid(lockFile);
  if (pid === undefined) return;
  if (isAlive(pid) && servesCluster(pid, cluster)) {
    log(`a Postgres (process ${pid}) was left running on ${cluster}; stopping it`);
    await stopProcess(pid);
    return;
  }
  // Postgres would refuse to start if the id in a stale lock file has gone to another process of the same user since.
  log("Postgres was not shut down the last time; it recovers now");
  rmSync(lockFile, { force: true });
}

/** SIGINT is Postgres' fast shutdown, SIGQUIT its immediate one, which the next start recovers from. */
async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, "SIGINT");
  if (await hasEnded(pid, FAST_STOP_MS)) return;
  process.kill(pid, "SIGQUIT");
  if (await hasEnded(pid, IMMEDIATE_STOP_MS)) return;
  throw new EmbeddedPostgresError(
    "Failed",
    `Postgres (process ${pid}) does not stop. Stop it by hand and start again.`,
  );
}

async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await pause(CHECK_EVERY_MS);
  }
  return true;
}

function readPid(lockFile: string): number | undefined {
  if (!existsSync(lockFile)) return undefined;
  const pid = Number.parseInt(readFileSync(lockFile, "utf8"), 10);
  return Number.isInteger(pid) && pid > 1 ? pid : NO_PROCESS;
}
