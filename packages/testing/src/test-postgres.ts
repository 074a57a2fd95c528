import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@flovyn/embedded-postgres";

/** Nothing here has to survive a power cut, and several test files share the connections. */
const FAST_SETTINGS: Record<string, string> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "400",
  max_wal_size: "4GB",
  autovacuum_naptime: "10s",
};

export interface TestPostgres {
  /** A superuser's URL. The database in it is for administration only. */
  url: string;
  pid: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** Starts a Postgres of its own for tests: fast, empty, gone afterwards. `settings` go over the fast ones. */
export async function startTestPostgres(options: { settings?: Record<string, string> } = {}): Promise<TestPostgres> {
  const dataDir = mkdtempSync(join(tmpdir(), "flovyn-test-"));
  let postgres: EmbeddedPostgres;
  try {
    postgres = await startEmbeddedPostgres({
      dataDir,
      settings: { ...FAST_SETTINGS, ...options.settings },
    });
  } catch (error) {
    rmSync(dataDir, { recursive: true, force: true });
    throw error;
  }
  return {
    url: postgres.url,
    pid: postgres.pid,
    async stop() {
      await postgres.stop();
      for (const directory of new Set([dataDir, postgres.dataDir])) {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}
