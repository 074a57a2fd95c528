import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@flovyn/embedded-postgres";
import type { Resources } from "./resources.js";

/** An empty directory and, in it, the Postgres that `flovyn dev` would start, with the same settings: commits are durable. */
export async function startFreshPostgres(
  resources: Resources,
): Promise<{ directory: string; postgres: EmbeddedPostgres }> {
  const directory = mkdtempSync(join(tmpdir(), "flovyn-bench-"));
  resources.add(() => rmSync(directory, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir: join(directory, "postgres") });
  resources.add(async () => {
    await postgres.stop();
    rmSync(postgres.dataDir, { recursive: true, force: true });
  });
  return { directory, postgres };
}
