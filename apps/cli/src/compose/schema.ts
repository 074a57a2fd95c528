import { migrate, schemaState } from "@flovyn/db";
import { DomainError } from "@flovyn/domain";
import type { Logger } from "@flovyn/runtime";

const waitMs = 500;
const waitMaxMs = 120_000;

/**
 * Makes sure the database has the schema of this version: migrates where `migrateHere` says so, else waits for the process
 * that does. Errors: Unavailable when the schema does not come, Internal when it is of a newer version.
 */
export async function ensureSchema(url: string, options: { migrateHere: boolean; log: Logger }): Promise<void> {
  const { migrateHere, log } = options;
  const deadline = performance.now() + waitMaxMs;
  for (let attempt = 0; ; attempt++) {
    try {
      const { applied, missing } = migrateHere ? await migrate(url) : await schemaState(url);
      if (missing.length === 0) {
        log.info({ migrations: applied }, "schema is current");
        return;
      }
      if (attempt === 0) log.info({ missing }, "waiting for the schema to be migrated");
    } catch (err) {
      if (err instanceof DomainError || performance.now() > deadline) throw err;
      if (attempt === 0) log.warn({ err }, "the database cannot be reached yet");
    }
    if (performance.now() > deadline) {
      throw new DomainError("Unavailable", "the schema was not migrated in time: run `flovyn migrate`");
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
