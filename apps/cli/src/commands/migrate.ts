import { parseArgs } from "node:util";
import { migrate, schemaState } from "@flovyn/db";
import { loadConfig } from "@flovyn/runtime";
import { print } from "../print.js";
import { UsageError } from "../usage.js";

/** `flovyn migrate [--check]`: applies missing migrations, or only says which are missing (exit code 1). */
export async function migrateCommand(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { check: { type: "boolean", default: false } } });
  const { databaseUrl } = loadConfig();
  if (databaseUrl === undefined) throw new UsageError("DATABASE_URL is required");
  if (values.check) {
    const { known, applied, missing } = await schemaState(databaseUrl);
    print(`schema: ${applied} of ${known} migrations applied`);
    for (const name of missing) print(`  missing: ${name}`);
    if (missing.length > 0) process.exitCode = 1;
    return;
  }
  const { applied } = await migrate(databaseUrl);
  print(`schema: current, ${applied} migrations applied`);
}
