import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { startEmbeddedPostgres } from "@flovyn/embedded-postgres";
import { UsageError } from "../command-line/errors.js";
import { findRunning } from "./running.js";

/**
 * Works on the database of a development server: that of the running one, else its Postgres is started meanwhile. Errors:
 * UsageError when there is none; EmbeddedPostgresError; those of the work.
 */
export async function withDevDatabase<Result>(data: string, work: (url: string) => Promise<Result>): Promise<Result> {
  const dataDir = resolve(data);
  const running = findRunning(dataDir);
  if (running !== undefined) return work(running.databaseUrl);
  const postgresDir = join(dataDir, "postgres");
  if (!existsSync(postgresDir)) {
    throw new UsageError(
      `DATABASE_URL is required, or --data with the directory of a development server: there is none in ${dataDir}`,
    );
  }
  const postgres = await startEmbeddedPostgres({ dataDir: postgresDir });
  try {
    return await work(postgres.url);
  } finally {
    await postgres.stop();
  }
}
