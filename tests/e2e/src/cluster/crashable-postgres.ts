import { mkdtempSync, rmSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from "@flovyn/embedded-postgres";

/** A Postgres of its own that a test may crash: it comes back with its data at the same address. */
export interface CrashablePostgres {
  /** Of an empty database. */
  url: string;
  /** kill -9 of the server; resolves when it is gone. */
  crash(): Promise<void>;
  /** Starts it again after a crash. */
  start(): Promise<void>;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

export async function startCrashablePostgres(): Promise<CrashablePostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), "flovyn-e2e-postgres-"));
  // Postgres runs as another user where the tests run as root.
  await chmod(dataDir, 0o755);
  const port = await freePort();
  // What is written survives the death of a process without fsync, which only a power cut needs.
  const launch = () => startEmbeddedPostgres({ dataDir, port, settings: { fsync: "off", max_connections: "200" } });
  let server: EmbeddedPostgres = await launch();
  return {
    url: server.url,
    async crash() {
      process.kill(server.pid, "SIGKILL");
      await server.exited;
      await server.stop();
    },
    async start() {
      server = await launch();
    },
    async stop() {
      await server.stop();
      for (const directory of new Set([dataDir, server.dataDir])) rmSync(directory, { recursive: true, force: true });
    },
  };
}
