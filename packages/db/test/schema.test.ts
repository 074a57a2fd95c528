/** What holds for every table: keys, types, constraints, and migrations that say the same as the schema. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { newId } from "@flovyn/domain";
import { administer, createTestDatabase, databaseUrl, type TestDatabase } from "@flovyn/testing";
import { is } from "drizzle-orm";
import { getTableConfig, PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import { migrate, schemaState } from "../src/migrate.js";
import * as schema from "../src/schema/index.js";

const run = promisify(execFile);
const packageDirectory = fileURLToPath(new URL("..", import.meta.url));
const tables = (Object.values(schema) as unknown[]).filter((value): value is PgTable => is(value, PgTable));
let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, poolMax: 2, applicationName: "test" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
const rows = async (text: string, values: unknown[] = []) => (await db.query({ text, values })).rows;

async function emptyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = process.env.FLOVYN_TEST_POSTGRES_URL ?? "";
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await administer(server, `create database "${name}"`);
  return { url: databaseUrl(server, name), drop: () => administer(server, `drop database "${name}" with (force)`) };
}

describe("schema", () => {
  it("SP-01 every table has one uuid key named id, no sequence, and uuid foreign keys", async () => {
    const keys = await rows(`
      select keys.table_name, string_agg(columns.column_name || ' ' || columns.data_type, ', ') as key
      from information_schema.table_constraints keys
      join information_schema.key_column_usage used using (constraint_schema, constraint_name)
      join information_schema.columns columns
        on columns.table_schema = used.table_schema and columns.table_name = used.table_name and columns.column_name = used.column_name
      where keys.table_schema = 'public' and keys.constraint_type = 'PRIMARY KEY' group by keys.table_name order by 1`);
    expect(keys).toEqual(
      tables
        .map((table) => getTableConfig(table).name)
        .sort()
        .map((table_name) => ({ table_name, key: "id uuid" })),
    );
    expect(await rows("select * from pg_sequences where schemaname = 'public'")).toEqual([]);
    const foreign = await rows(`
      select used.table_name, used.column_name, columns.data_type
      from information_schema.table_constraints keys
      join information_schema.key_column_usage used using (constraint_schema, constraint_name)
      join information_schema.columns columns
        on columns.table_schema = used.table_schema and columns.table_name = used.table_name and columns.column_name = used.column_name
      where keys.table_schema = 'public' and keys.constraint_type = 'FOREIGN KEY'`);
    expect(foreign.length).toBeGreaterThan(10);
    expect(foreign.filter((column) => column.data_type !== "uuid")).toEqual([]);
  });

  it("SP-05 no key is a number and none is made by the database", () => {
    for (const table of tables) {
      const { name, columns } = getTableConfig(table);
      const keys = columns.filter((column) => column.primary);
      expect(keys.map((column) => [name, column.name, column.getSQLType(), column.hasDefault])).toEqual([
        [name, "id", "uuid", false],
      ]);
    }
    const directory = join(packageDirectory, "migrations");
    for (const file of readdirSync(directory).filter((name) => name.endsWith(".sql"))) {
      expect(readFileSync(join(directory, file), "utf8")).not.toMatch(/serial|gen_random_uuid|uuid_generate|identity/i);
    }
  });

  it("SP-14 refuses to change or delete a transition, save most_recent", async () => {
    const [owner, task] = [newId(), newId()];
    const insertOwner = `insert into workflow_execution (id, org_id, kind, queue, status, partition_key, root_execution_id, input,
        current_sequence, available_at, dispatch_at, created_at, updated_at)
      values ($1, $1, 'k', 'q', 'PENDING', 0, $1, '', 1, now(), now(), now(), now())`;
    const insertTask = `insert into task_execution (id, org_id, kind, queue, status, partition_key, root_execution_id, input,
        available_at, dispatch_at, created_at, updated_at)
      values ($1, $1, 'k', 'q', 'PENDING', 0, $1, '', now(), now(), now(), now())`;
    await rows(insertOwner, [owner]);
    await rows(insertTask, [task]);
    for (const [table, key, id] of [
      ["workflow_transition", "workflow_execution_id", owner],
      ["task_transition", "task_execution_id", task],
    ] as const) {
      await rows(
        `insert into ${table} (id, org_id, ${key}, to_state, actor_type, actor_id, attempt, claim_epoch, sort_key, most_recent, created_at)
         values ($1, $2, $2, 'PENDING', 'system', 'test', 0, 0, 1, true, now())`,
        [newId(), id],
      );
      for (const change of [
        "to_state = 'RUNNING'",
        "actor_id = 'x'",
        "sort_key = 2",
        "created_at = now() + interval '1 s'",
      ]) {
        await expect(rows(`update ${table} set ${change} where ${key} = $1`, [id])).rejects.toThrow("append-only");
      }
      await expect(rows(`delete from ${table} where ${key} = $1`, [id])).rejects.toThrow("append-only");
      await rows(`update ${table} set most_recent = false where ${key} = $1`, [id]);
    }
    // Retention removes executions with all they own.
    await rows("delete from workflow_execution where id = $1", [owner]);
    await rows("delete from task_execution where id = $1", [task]);
    expect(await rows("select 1 from workflow_transition union all select 1 from task_transition")).toEqual([]);
  });

  it("refuses rows that break an invariant, by the name of it", async () => {
    const insert = (facts: Record<string, string>) => {
      const id = newId();
      const columns = {
        ...{ id: `'${id}'`, org_id: `'${id}'`, kind: "'k'", queue: "'q'", status: "'PENDING'", partition_key: "0" },
        ...{ root_execution_id: `'${id}'`, input: "''", available_at: "now()", dispatch_at: "now()" },
        ...{ created_at: "now()", updated_at: "now()", ...facts },
      };
      return rows(`insert into task_execution (${Object.keys(columns)}) values (${Object.values(columns)})`);
    };
    const broken: [string, Record<string, string>][] = [
      ["task_status", { status: "'WAITING'" }],
      ["task_kind_not_blank", { kind: "' '" }],
      ["task_partition", { partition_key: "256" }],
      ["task_terminal_has_end", { status: "'COMPLETED'" }],
      ["task_terminal_has_end", { completed_at: "now()" }],
      ["task_lease_while_running", { lease_expires_at: "now()" }],
      ["task_blocked_while_pending", { status: "'RUNNING'", blocked_by: "'deps'" }],
    ];
    for (const [constraint, facts] of broken) await expect(insert(facts)).rejects.toMatchObject({ constraint });
  });

  it("pitfall 37 one definition for each kind, also where there is no team", async () => {
    const org = newId();
    await rows("insert into organization (id, name, slug, created_at, updated_at) values ($1, 'o', $2, now(), now())", [
      org,
      org,
    ]);
    const define = (table: string) =>
      rows(
        `insert into ${table} (id, org_id, kind, name, description, retry_policy, tags, input_schema, output_schema, metadata,
          first_seen_at, last_registered_at ${table === "workflow_definition" ? ", latest_version" : ""})
         values ($1, $2, 'k', 'k', '', '', '{}', '', '', '', now(), now() ${table === "workflow_definition" ? ", ''" : ""})`,
        [newId(), org],
      );
    for (const table of ["workflow_definition", "task_definition"]) {
      await define(table);
      await expect(define(table)).rejects.toMatchObject({ code: "23505" });
    }
  });
});

describe("migrations", () => {
  it("bring an empty database up, once, also when three processes do it at the same time", async () => {
    const empty = await emptyDatabase();
    try {
      expect((await schemaState(empty.url)).applied).toBe(0);
      const states = await Promise.all([migrate(empty.url), migrate(empty.url), migrate(empty.url)]);
      for (const state of states) expect(state).toMatchObject({ applied: state.known, missing: [] });
      const { added, ...state } = await migrate(empty.url);
      expect(added).toEqual([]);
      expect(await schemaState(empty.url)).toEqual(state);
      // One of the three applied all of them.
      expect(states.map((one) => one.added.length).sort((a, b) => b - a)).toEqual([state.known, 0, 0]);
    } finally {
      await empty.drop();
    }
  });

  it("SP-25 refuse a database with another number of partitions, or of a newer version", async () => {
    const copy = await createTestDatabase();
    const client = new Database({ url: copy.url, poolMax: 1, applicationName: "test" });
    try {
      await client.query({ text: "update cluster_setting set partition_count = 128" });
      await expect(migrate(copy.url)).rejects.toThrow("the database has 128 partitions, this version needs 256");
      await expect(schemaState(copy.url)).rejects.toThrow("128 partitions");
      await client.query({ text: "update cluster_setting set partition_count = 256" });
      await client.query({ text: "insert into flovyn_migrations.applied (hash, created_at) values ('later', 1)" });
      await expect(migrate(copy.url)).rejects.toThrow(/the database has \d+ migrations, this version knows \d+/);
    } finally {
      await client.close();
      await copy.drop();
    }
  });

  it("say the same as the schema: generating finds nothing to do", async () => {
    const out = mkdtempSync(join(packageDirectory, "node_modules", ".drift-"));
    try {
      cpSync(join(packageDirectory, "migrations"), out, { recursive: true });
      const before = readdirSync(out);
      const args = [
        "generate",
        "--dialect=postgresql",
        "--schema=./src/schema/*.ts",
        `--out=${out}`,
        "--casing=snake_case",
      ];
      await run(join(packageDirectory, "node_modules", ".bin", "drizzle-kit"), args, { cwd: packageDirectory });
      expect(readdirSync(out)).toEqual(before);
    } finally {
      rmSync(out, { recursive: true, force: true });
    }
  });
});
