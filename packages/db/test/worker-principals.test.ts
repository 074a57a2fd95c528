/** Goal: what was in a database before workers had principals is kept, and goes on counting. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { newId } from "@flovyn/domain";
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as runMigrations } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import { migrate } from "../src/migrate.js";
import {
  findAbandonedTasks,
  findAbandonedWorkflows,
  findTasksOfLostWorkers,
  findWorkerKinds,
  findWorkflowsOfLostWorkers,
  heartbeatWorker,
  markWorkersSeen,
  upsertRegisteredWorker,
} from "../src/store/index.js";

const orgId = newId();
const workerId = newId();
/** After everything that the database holds from before. */
const now = Date.now() + 3_600_000;
const [workflowId, taskId, definitionId] = [newId(), newId(), newId()];
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase({ template: "template0" });
  await migrateBefore("worker_principals");
  db = new Database({ url: database.url, poolMax: 2, applicationName: "test" });
  await fill();
  await migrate(database.url);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
const rows = async (text: string, values: unknown[] = []) => (await db.query({ text, values })).rows;

/** Brings the database to the schema before the named migration. */
async function migrateBefore(name: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "flovyn-migrations-"));
  const client = new pg.Client({ connectionString: database.url });
  try {
    cpSync(fileURLToPath(new URL("../migrations", import.meta.url)), folder, { recursive: true });
    const journalFile = join(folder, "meta", "_journal.json");
    const journal = JSON.parse(readFileSync(journalFile, "utf8")) as { entries: { tag: string }[] };
    const index = journal.entries.findIndex(({ tag }) => tag.endsWith(name));
    expect(index).toBeGreaterThan(0);
    writeFileSync(journalFile, JSON.stringify({ ...journal, entries: journal.entries.slice(0, index) }));
    await client.connect();
    const bookkeeping = { migrationsSchema: "flovyn_migrations", migrationsTable: "applied" };
    await runMigrations(drizzle({ client }), { migrationsFolder: folder, ...bookkeeping });
  } finally {
    await client.end();
    rmSync(folder, { recursive: true });
  }
}

/** A registered worker that holds a workflow and a task. */
async function fill(): Promise<void> {
  await rows("insert into organization (id, name, slug, created_at, updated_at) values ($1, 'o', 'o', now(), now())", [
    orgId,
  ]);
  await rows(
    `insert into worker (id, org_id, worker_name, worker_version, worker_type, host_name, process_id, metadata,
       last_heartbeat_at, registered_at, created_at)
     values ($1, $2, 'old', '1', 'UNIFIED', 'host', '1', '', now(), now(), now())`,
    [workerId, orgId],
  );
  await rows(
    `insert into task_definition (id, org_id, kind, name, description, retry_policy, tags, input_schema, output_schema,
       metadata, first_seen_at, last_registered_at)
     values ($1, $2, 'charge', 'charge', '', '', '{}', '', '', '', now(), now())`,
    [definitionId, orgId],
  );
  await rows(
    "insert into worker_task_capability (id, worker_id, definition_id, registered_at) values ($1, $2, $3, now())",
    [newId(), workerId, definitionId],
  );
  await rows(
    "insert into worker_presence (id, org_id, worker_key, last_seen_at, session) values ($1, $2, 'old', now(), true)",
    [newId(), orgId],
  );
  for (const [table, id, more] of [
    ["workflow_execution", workflowId, { current_sequence: 1 }],
    ["task_execution", taskId, {}],
  ] as const) {
    const facts = {
      ...{ id, org_id: orgId, kind: "charge", queue: "q", status: "RUNNING", partition_key: 0, root_execution_id: id },
      ...{ input: "", claim_epoch: 1, worker_id: "old", ...more },
    };
    const times = ["available_at", "dispatch_at", "created_at", "updated_at", "started_at", "lease_expires_at"];
    const values = Object.values(facts);
    await rows(
      `insert into ${table} (${[...Object.keys(facts), ...times]})
       values (${values.map((_, index) => `$${index + 1}`)}, ${times.map(() => "now()")})`,
      values,
    );
  }
}

describe("a database from before workers had principals", () => {
  it("keeps its workers, their signs of life and what they hold, of no known principal", async () => {
    expect(await rows("select id, worker_name, principal from worker")).toEqual([
      { id: workerId, worker_name: "old", principal: "" },
    ]);
    expect(await rows("select worker_key, session, principal from worker_presence")).toEqual([
      { worker_key: "old", session: true, principal: "" },
    ]);
    for (const table of ["workflow_execution", "task_execution"]) {
      expect(await rows(`select status, worker_id, worker_principal from ${table}`)).toEqual([
        { status: "RUNNING", worker_id: "old", worker_principal: null },
      ]);
    }
  });

  it("hands work out by what was registered, until a principal registers a worker of that name itself", async () => {
    const alice = { orgId, principal: "Worker/alice" };
    const known = { workflowKinds: [], taskKinds: ["charge"] };
    for (const key of ["old", workerId]) expect(await findWorkerKinds(db, { ...alice, key })).toEqual(known);
    expect(await heartbeatWorker(db, { ...alice, id: workerId, now })).toBe("old");
    const texts = { name: "old", version: "2", type: "UNIFIED", hostName: "host", processId: "2" } as const;
    const facts = { ...alice, ...texts, teamId: null, metadata: new Uint8Array() };
    const registered = await upsertRegisteredWorker(db, facts, { now, seenAfter: 0 });
    expect(registered).toMatchObject({ shared: false });
    expect(registered.id).not.toBe(workerId);
    expect(await findWorkerKinds(db, { ...alice, key: "old" })).toEqual({ workflowKinds: [], taskKinds: [] });
    expect(await findWorkerKinds(db, { orgId, principal: "Worker/bob", key: "old" })).toEqual(known);
  });

  it("takes claims of no known principal back when no worker of the id lives, and not because one is lost", async () => {
    const abandoned = async (silentBefore: number) => [
      ...(await findAbandonedWorkflows(db, { now, silentBefore, heldBefore: 0, limit: 10 })),
      ...(await findAbandonedTasks(db, { now, silentBefore, limit: 10 })),
    ];
    const seen = { orgId, workerKey: "old", session: true };
    await markWorkersSeen(db, { now, seen: [{ ...seen, principal: "Worker/alice", lost: true }] });
    expect(await abandoned(now - 1)).toEqual([]);
    expect(await findWorkflowsOfLostWorkers(db, { lostBefore: now, limit: 10 })).toEqual([]);
    expect(await findTasksOfLostWorkers(db, { lostBefore: now, limit: 10 })).toEqual([]);
    expect((await abandoned(now)).map(({ id }) => id)).toEqual([workflowId, taskId]);
  });
});
