import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checkPartitionCount, DomainError } from "@flovyn/domain";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as runMigrations } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";

const migrationsFolder = fileURLToPath(new URL("../migrations", import.meta.url));
const bookkeeping = { migrationsSchema: "flovyn_migrations", migrationsTable: "applied" };

/** One lock for everything that migrates: replicas that start together take turns. */
const migrationLock = 0x666c6f76;

export interface SchemaState {
  /** Migrations this version knows. */
  known: number;
  applied: number;
  /** Names of those that are missing, oldest first. */
  missing: string[];
}

/** After migrating. */
export interface Migrated extends SchemaState {
  /** Names of those that this call applied, oldest first. */
  added: string[];
}

/**
 * Brings the database to the schema of this version. Safe to call from several processes at once.
 * Errors: Internal when the database belongs to a newer version or to another number of partitions.
 */
export async function migrate(url: string): Promise<Migrated> {
  return withClient(url, async (client) => {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
    try {
      await refuseNewer(client);
      const { missing: added } = await readState(client);
      await runMigrations(drizzle({ client }), { migrationsFolder, ...bookkeeping });
      await checkClusterSettings(client);
      return { ...(await readState(client)), added };
    } finally {
      await client.query("select pg_advisory_unlock($1)", [migrationLock]);
    }
  });
}

/** What is applied and what is missing; changes nothing. */
export async function schemaState(url: string): Promise<SchemaState> {
  return withClient(url, async (client) => {
    const state = await readState(client);
    if (state.missing.length === 0) await checkClusterSettings(client);
    return state;
  });
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: "flovyn-migrate",
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function readState(client: pg.Client): Promise<SchemaState> {
  const names = migrationNames();
  const applied = await countApplied(client);
  return { known: names.length, applied, missing: names.slice(applied) };
}

async function countApplied(client: pg.Client): Promise<number> {
  const exists = await client.query("select to_regclass($1) is not null as exists", [
    `${bookkeeping.migrationsSchema}.${bookkeeping.migrationsTable}`,
  ]);
  if (!exists.rows[0].exists) return 0;
  const count = await client.query(
    `select count(*)::int as count from ${bookkeeping.migrationsSchema}.${bookkeeping.migrationsTable}`,
  );
  return count.rows[0].count;
}

async function refuseNewer(client: pg.Client): Promise<void> {
  const known = migrationNames().length;
  const applied = await countApplied(client);
  if (applied > known) {
    throw new DomainError("Internal", `the database has ${applied} migrations, this version knows ${known}`);
  }
}

async function checkClusterSettings(client: pg.Client): Promise<void> {
  const settings = await client.query("select partition_count from cluster_setting");
  checkPartitionCount(settings.rows[0]?.partition_count ?? 0);
}

function migrationNames(): string[] {
  const journal = JSON.parse(readFileSync(`${migrationsFolder}/meta/_journal.json`, "utf8")) as {
    entries: { tag: string }[];
  };
  return journal.entries.map((entry) => entry.tag);
}
