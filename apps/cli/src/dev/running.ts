import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the development server of a data directory answers. */
export interface RunningServer {
  pid: number;
  httpUrl: string;
  serverUrl: string;
  opsUrl: string;
  databaseUrl: string;
}

const fileOf = (dataDir: string) => join(dataDir, "running.json");

/** Lets other commands find a server by its data directory, until what is returned is called. The file is for its owner alone. */
export function noteRunning(dataDir: string, server: RunningServer): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = fileOf(dataDir);
  writeFileSync(`${file}.new`, JSON.stringify(server), { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return () => rmSync(file, { force: true });
}

/** The server that runs on a data directory; undefined when none does, also where one was killed. */
export function findRunning(dataDir: string): RunningServer | undefined {
  const file = fileOf(dataDir);
  if (!existsSync(file)) return undefined;
  const server = JSON.parse(readFileSync(file, "utf8")) as RunningServer;
  return isAlive(server.pid) ? server : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
