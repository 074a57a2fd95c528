import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
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

/** Followed by the id of the process that made the directory. */
const PREFIX = "flovyn-test-";

export interface TestPostgres {
  /** A superuser's URL. The database in it is for administration only. */
  url: string;
  pid: number;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

/** Starts a Postgres of its own for tests: fast, empty, gone afterwards. `settings` go over the fast ones. */
export async function startTestPostgres(options: { settings?: Record<string, string> } = {}): Promise<TestPostgres> {
  removeLeftovers();
  const dataDir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  // Postgres runs as another user where the tests run as root.
  chmodSync(dataDir, 0o755);
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

/** A test run that was killed could not remove its data. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user: alive, and not ours to clean up after.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
