/**
 * The plans of what timers, promises, signals, children and keys need. Method: that of plans.test.ts, on a database where
 * most waits are over, as they are after some time.
 */
import { newId } from "@flovyn/domain";
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import {
  closePromisesOf,
  closeTimersOf,
  deleteKeysOfTasks,
  deleteKeysOfWorkflows,
  findChildrenByName,
  findDueTimers,
  findKeys,
  findKeysOf,
  findLiveChildren,
  findOwingWorkflows,
  findPromises,
  findSignalIds,
  findTimedOutPromises,
  findTimers,
  lockWorkflowsOfDueTimers,
  lockWorkflowsOfTimedOutPromises,
  nextPromiseTimeout,
  nextTimerDue,
  takeKeys,
} from "../src/store/index.js";
import { type Plan, planOf, scansOf } from "./explain.js";

const org = newId();
const now = Date.UTC(2026, 0, 1);
const size = 8_000;
let database: TestDatabase;
let db: Database;

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, poolMax: 2, applicationName: "test" });
  for (const [table, extra, values] of [
    ["workflow_execution", ", current_sequence", ", 1"],
    ["task_execution", ", workflow_execution_id", ", (select max(id::text)::uuid from workflow_execution)"],
  ]) {
    await db.query({
      text: `insert into ${table} (id, org_id, kind, queue, status, partition_key, root_execution_id, input, available_at,
          dispatch_at, created_at, updated_at, completed_at, transition_count ${extra})
        select ids.id, $1, 'k', 'q', case when n % 10 = 0 then 'PENDING' else 'COMPLETED' end, n % 256, ids.id, '', at, at,
          at, at, case when n % 10 = 0 then null else at end, 1 ${values}
        from generate_series(1, ${size}) as n, lateral (
          select gen_random_uuid() as id, to_timestamp($2::float8 / 1000) - n * interval '1 ms' as at) as ids`,
      values: [org, now],
    });
  }
  await fillWaits();
  await db.query({ text: "analyze" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** Timers and promises of every tenth workflow, mostly ended; children, signals, and keys of everything. */
async function fillWaits(): Promise<void> {
  const ended = "case when n % 10 = 0 then null else created_at end";
  const from = `from generate_series(1, 2) as copy, lateral (
    select id, org_id, created_at, row_number() over (order by id) as n from workflow_execution) as owner`;
  await db.query({
    text: `insert into timer (id, org_id, workflow_execution_id, run, timer_id, duration_ms, fire_at, status, created_by_sequence, created_at, ended_at)
      select gen_random_uuid(), org_id, id, 1, 't-' || copy, 1, created_at + n * interval '1 s',
        case when n % 10 = 0 then 'ARMED' else 'FIRED' end, 2, created_at, ${ended} ${from}`,
  });
  await db.query({
    text: `insert into promise (id, org_id, workflow_execution_id, run, name, timeout_at, status, created_by_sequence, created_at, settled_at)
      select gen_random_uuid(), org_id, id, 1, 'p-' || copy, created_at + n * interval '1 s',
        case when n % 10 = 0 then 'OPEN' else 'RESOLVED' end, 2, created_at, ${ended} ${from}`,
  });
  await db.query({
    text: `insert into workflow_signal (id, workflow_execution_id, run, signal_id, sequence_number, created_at)
      select gen_random_uuid(), id, 1, 's-' || copy, copy, created_at ${from}`,
  });
  await db.query({
    text: `with numbered as (select id, row_number() over (order by id) as n from workflow_execution)
      update workflow_execution execution set child_execution_name = 'child-' || numbered.n, initiated_sequence = 2,
        parent_workflow_execution_id = parent.id, owes_parent = completed_at is not null and numbered.n % 1000 = 0
      from numbered join numbered parent on parent.n = numbered.n / 10 + 1 where numbered.id = execution.id and numbered.n > 10`,
  });
  for (const [owner, table] of [
    ["workflow_execution_id", "workflow_execution"],
    ["task_execution_id", "task_execution"],
    ["promise_id", "promise"],
  ]) {
    await db.query({
      text: `insert into idempotency_key (id, org_id, key, ${owner}, expires_at, created_at)
        select gen_random_uuid(), org_id, '${table}-' || id, id, created_at + random() * interval '1 day', created_at
        from ${table} limit 5000`,
    });
  }
}

describe("plans", () => {
  const idsOf = async (table: string, limit = 3): Promise<string[]> =>
    (await db.query({ text: `select id from ${table} limit ${limit}` })).rows.map((row) => row.id as string);
  const keysOf = (ids: readonly string[]) => ids.map((id) => ({ orgId: org, key: `workflow_execution-${id}` }));
  const isRead = (node: Plan) => node["Relation Name"] !== undefined && node["Node Type"] !== "ModifyTable";

  it("what is due is a range of one index, and the next due one its first entry", async () => {
    const at = now + 3_000_000;
    for (const [table, index, find, next] of [
      ["timer", "timer_due", findDueTimers, nextTimerDue],
      ["promise", "promise_timeout", findTimedOutPromises, nextPromiseTimeout],
    ] as const) {
      const found = await planOf(db, (tx) => find(tx, { now: at, limit: 256 }));
      expect(scansOf(found, table)).toMatchObject([{ "Index Name": index, "Actual Rows": 256 }]);
      expect(found.some((node) => node["Node Type"] === "Sort")).toBe(false);
      const first = await planOf(db, (tx) => next(tx));
      expect(scansOf(first, table)).toMatchObject([{ "Index Name": index, "Actual Rows": 1 }]);
    }
  });

  it("workflows that owe are found by the index that holds only them", async () => {
    const nodes = await planOf(db, (tx) => findOwingWorkflows(tx, { before: now, limit: 100 }));
    const [scan] = scansOf(nodes, "workflow_execution");
    expect(scan?.["Index Name"]).toBe("workflow_execution_owing");
    expect(scan?.["Actual Rows"]).toBeGreaterThan(0);
    expect(scan?.["Actual Rows"]).toBeLessThanOrEqual(100);
    expect(nodes.some((node) => node["Node Type"] === "Sort")).toBe(false);
  });

  it("timers, promises, signals, children and keys are found by an index, and few other rows are read", async () => {
    const [workflowIds, taskIds] = [await idsOf("workflow_execution"), await idsOf("task_execution")];
    const [timerIds, promiseIds] = [await idsOf("timer"), await idsOf("promise")];
    const first = workflowIds[0] ?? "";
    const keys = keysOf(workflowIds);
    const plans: Record<string, Plan[]> = {
      "timers.findMany": await planOf(db, (tx) => findTimers(tx, [{ workflowId: first, timerId: "t-1" }])),
      "timers.closeOf": await planOf(db, (tx) => closeTimersOf(tx, { now, workflowIds })),
      "promises.findMany by id": await planOf(db, (tx) =>
        findPromises(
          tx,
          promiseIds.map((id) => ({ orgId: org, ref: { id } })),
        ),
      ),
      "promises.findMany by name": await planOf(db, (tx) =>
        findPromises(tx, [{ orgId: org, ref: { workflowId: first, name: "p-1" } }]),
      ),
      "promises.closeOf": await planOf(db, (tx) => closePromisesOf(tx, { now, workflowIds, releasedIds: workflowIds })),
      "workflows.lockOfDueTimers": await planOf(db, (tx) => lockWorkflowsOfDueTimers(tx, { now, timerIds })),
      "workflows.lockOfTimedOut": await planOf(db, (tx) => lockWorkflowsOfTimedOutPromises(tx, { now, promiseIds })),
      "workflows.findChildrenByName": await planOf(db, (tx) =>
        findChildrenByName(tx, [{ parentId: first, name: "child-1" }]),
      ),
      "workflows.findLiveChildren": await planOf(db, (tx) =>
        findLiveChildren(tx, { parentIds: workflowIds, limit: 500 }),
      ),
      "signals.findMany": await planOf(db, (tx) => findSignalIds(tx, [{ workflowId: first, signalId: "s-1" }])),
      "keys.findMany": await planOf(db, (tx) => findKeys(tx, keys)),
      "keys.findOf": await planOf(db, (tx) => findKeysOf(tx, workflowIds)),
      "keys.deleteOfWorkflows": await planOf(db, (tx) => deleteKeysOfWorkflows(tx, workflowIds)),
      "keys.deleteOfTasks": await planOf(db, (tx) => deleteKeysOfTasks(tx, taskIds)),
    };
    for (const [name, nodes] of Object.entries(plans)) {
      const isScan = (node: Plan) => node["Node Type"].includes("Scan") && node["Actual Loops"] !== 0;
      const scans = nodes.filter((node) => isRead(node) && isScan(node));
      expect(scans.length, name).toBeGreaterThan(0);
      expect(
        scans.filter((scan) => scan["Node Type"] === "Seq Scan"),
        name,
      ).toEqual([]);
      expect(Math.max(0, ...scans.map((scan) => scan["Actual Rows"] ?? 0)), name).toBeLessThanOrEqual(100);
    }
  });

  it("keys are taken by their unique index, without a read", async () => {
    const [workflowId = ""] = await idsOf("workflow_execution");
    const wanted = keysOf([workflowId]).map((key) => ({
      ...{ ...key, id: newId(), workflowId, taskId: null, promiseId: null, kind: "", expiresAt: now },
    }));
    const nodes = await planOf(db, (tx) => takeKeys(tx, { now, wanted, replaceable: [workflowId] }));
    expect(nodes[0]).toMatchObject({ "Conflict Arbiter Indexes": ["idempotency_key_org_key"], "Tuples Inserted": 0 });
    expect(scansOf(nodes, "idempotency_key")).toEqual([]);
  });
});
