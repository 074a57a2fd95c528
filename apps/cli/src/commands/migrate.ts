import { migrate, schemaState } from "@flovyn/db";
import { loadConfig } from "@flovyn/runtime";
import type { Command } from "commander";
import { withExamples } from "../command-line/examples.js";
import { withDevDatabase } from "../dev/dev-database.js";
import { print } from "../print.js";

interface MigrateOptions {
  check?: boolean;
  config?: string;
  data?: string;
}

/** `flovyn migrate [--check]`: applies missing migrations, or only says which are missing (exit code 1). */
export function addMigrate(program: Command): void {
  const command = program
    .command("migrate")
    .description("bring the database to the schema of this version")
    .option("--check", "only say what is missing; exit code 1 when something is")
    .option("--config <file>", "configuration that names the database (CONFIG_FILE, DATABASE_URL)")
    .option("--data <dir>", "that of the development server with this data directory (.flovyn, where none is named)");
  withExamples(command, "migrate", "migrate --check", "migrate --check --data .flovyn").action(runMigrate);
}

function runMigrate({ check = false, config, data }: MigrateOptions): Promise<void> {
  const work = check ? showSchema : applyMigrations;
  if (data !== undefined) return withDevDatabase(data, work);
  const { databaseUrl } = loadConfig({ configFile: config });
  return databaseUrl === undefined ? withDevDatabase(".flovyn", work) : work(databaseUrl);
}

async function showSchema(url: string): Promise<void> {
  const { known, applied, missing } = await schemaState(url);
  print(`schema: ${applied} of ${known} migrations applied`);
  for (const name of missing) print(`  missing: ${name}`);
  if (missing.length > 0) process.exitCode = 1;
}

async function applyMigrations(url: string): Promise<void> {
  const { applied, added } = await migrate(url);
  for (const name of added) print(`  applied: ${name}`);
  print(`schema: current, ${applied} migrations, ${added.length} of them applied now`);
}
