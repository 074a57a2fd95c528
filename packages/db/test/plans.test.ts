/**
 * The plans of the hot reads. Method: a table with enough rows that a sequential scan would be a choice, statistics, and
 * EXPLAIN of the very text that the service runs, caught on its way to the database.
 */
import { newId } from "@flovyn/domain";
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../src/database.js";
import {
  claimTasks,
  claimWorkflows,
  findAbandonedTasks,
  findKnownExecutions,
  findTaskOwners,
  findTasksPastDeadline,
  heartbeatTasks,
  listEventPage,
  listOverdueTaskQueues,
  listOverdueWorkflowQueues,
  listWorkflows,
  lockNamedTasks,
  lockNamedWorkflows,
  lockTasks,
  lockWorkflows,
  lockWorkflowsOfTasks,
} from "../src/store/index.js";
import { planOf, scansOf } from "./explain.js";

const org = newId();
const now = Date.UTC(2026, 0, 1);
let database: TestDatabase;
let db: Database;

const poller = (queue: string, rank: number) => ({
  ...{
    orgId: org,
    queue,
    kinds: null,
    rank,
    workerId: "w",
    principal: "Worker/w",
    leaseMs: 60_000,
    ownLeaseMs: null,
    transitionId: newId(),
  },
});

beforeAll(async () => {
  database = await createTestDatabase();
  db = new Database({ url: database.url, poolMax: 2, applicationName: "test" });
  const fill = (table: string, extra: string, values: string) =>
    db.query({
      text: `insert into ${table} (id, org_id, kind, queue, status, partition_key, root_execution_id, input, available_at,
          dispatch_at, created_at, updated_at, blocked_by, completed_at, transition_count ${extra})
        select ids.id, $1, 'k', case when n % 10 = 9 then 'busy' else 'q-' || n % 50 end,
          case when n <= 5000 or n % 10 > 7 then 'PENDING' else 'COMPLETED' end, n % 256, ids.id, '', at, at, at, at,
          case when n <= 5000 then 'deps' end, case when n <= 5000 or n % 10 > 7 then null else at end, 1 ${values}
        from generate_series(1, 25000) as n, lateral (select gen_random_uuid() as id, to_timestamp($2::float8 / 1000) - n * interval '1 ms' as at) as ids`,
      values: [org, now],
    });
  await fill("workflow_execution", ", current_sequence", ", 1");
  await fill("task_execution", "", "");
  await db.query({
    text: `insert into workflow_transition (id, org_id, workflow_execution_id, to_state, actor_type, actor_id, attempt, claim_epoch, sort_key, most_recent, created_at)
      select gen_random_uuid(), org_id, id, 'PENDING', 'system', '', 0, 0, 1, true, created_at from workflow_execution`,
  });
  await db.query({
    text: `insert into task_transition (id, org_id, task_execution_id, to_state, actor_type, actor_id, attempt, claim_epoch, sort_key, most_recent, created_at)
      select gen_random_uuid(), org_id, id, 'PENDING', 'system', '', 0, 0, 1, true, created_at from task_execution`,
  });
  await db.query({ text: "analyze" });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

describe("plans", () => {
  it.each([
    ["workflow_execution", claimWorkflows],
    ["task_execution", claimTasks],
  ] as const)(
    "SP-145 a claim on %s reads the claim index and only the rows it takes, beside 5,000 blocked ones",
    async (table, claim) => {
      const pollers = Array.from({ length: 20 }, (_, index) => poller("busy", index + 1));
      const nodes = await planOf(db, (tx) => claim(tx, { now, pollers }));
      const scans = scansOf(nodes, table);
      const found = scans.find((scan) => scan["Index Name"] === `${table}_claim`);
      expect(found).toMatchObject({ "Actual Rows": 20 });
      expect(found?.["Rows Removed by Filter"] ?? 0).toBe(0);
      expect(scans.filter((scan) => scan["Node Type"] === "Seq Scan")).toEqual([]);
      const owner = table.replace("execution", "transition");
      expect(scansOf(nodes, owner).filter((scan) => scan["Node Type"] === "Seq Scan")).toEqual([]);
    },
  );

  it("an empty poll reads no row at all", async () => {
    const nodes = await planOf(db, (tx) => claimTasks(tx, { now, pollers: [poller("idle", 1)] }));
    const read = scansOf(nodes, "task_execution").map((scan) => scan["Actual Rows"] ?? 0);
    expect(Math.max(...read)).toBe(0);
  });

  it.each([
    ["task_execution", listOverdueTaskQueues],
    ["workflow_execution", listOverdueWorkflowQueues],
  ] as const)("overdue queues of %s are found by hopping over the claim index", async (table, list) => {
    const nodes = await planOf(db, (tx) => list(tx, { before: now, limit: 100 }));
    const scans = scansOf(nodes, table);
    expect(scans.length).toBeGreaterThan(0);
    expect([...new Set(scans.map((scan) => scan["Index Name"]))]).toEqual([`${table}_claim`]);
    expect(Math.max(...scans.map((scan) => scan["Actual Rows"] ?? 0))).toBeLessThanOrEqual(1);
  });

  it.each(["workflow_execution", "task_execution"])(
    "SP-26 listing %s by partition is a range of one index",
    async (table) => {
      const nodes = await planOf(db, (tx) =>
        tx.query({
          text: `select id from ${table} where org_id = $1 and partition_key >= 0 and partition_key = $2 and id > $3 order by id limit 50`,
          values: [org, 7, "00000000-0000-0000-0000-000000000000"],
        }),
      );
      const [scan] = scansOf(nodes, table);
      expect(scan?.["Index Name"]).toBe(`${table}_partition`);
      expect(scan?.["Index Cond"]).toMatch(/org_id.*partition_key.*id >/);
      expect(nodes.some((node) => node["Node Type"] === "Sort")).toBe(false);
    },
  );

  it.each([
    ["the first page", null],
    ["a later page", { createdAtUs: String((now - 500) * 1000), id: newId() }],
  ])("%s of executions is a range of one index that reads no more rows than it answers", async (_name, before) => {
    const filter = { orgId: org, status: null, kind: null, queue: null, activationFailing: false };
    const nodes = await planOf(db, (tx) => listWorkflows(tx, { ...filter, before, limit: 20, offset: 0 }));
    expect(nodes.some((node) => node["Node Type"] === "Sort")).toBe(false);
    const [scan] = scansOf(nodes, "workflow_execution");
    expect(scan?.["Index Name"]).toBe("workflow_execution_created");
    expect(scan?.["Index Cond"]).toMatch(/org_id.*ROW\(created_at, id\) </);
    expect(scan).toMatchObject({ "Actual Rows": 20 });
    expect(scan?.["Rows Removed by Filter"] ?? 0).toBe(0);
  });

  it("a page of executions that workers cannot run reads the index of those", async () => {
    const filter = { orgId: org, status: null, kind: null, queue: null, activationFailing: true, before: null };
    const nodes = await planOf(db, (tx) => listWorkflows(tx, { ...filter, limit: 20, offset: 0 }));
    const [scan] = scansOf(nodes, "workflow_execution");
    expect(scan).toMatchObject({ "Index Name": "workflow_execution_failing", "Actual Rows": 0 });
  });

  it("sweeps, locks, heartbeats and reads find their rows by an index", async () => {
    const { rows } = await db.query({ text: "select id from task_execution limit 3" });
    const ids = rows.map((row) => row.id as string);
    const named = ids.map((id) => ({ orgId: org, id }));
    const wanted = named.map((one) => ({ ...one, substitute: one.id }));
    const plans = [
      await planOf(db, (tx) => findAbandonedTasks(tx, { now, silentBefore: now, limit: 100 })),
      await planOf(db, (tx) => findTasksPastDeadline(tx, { now, limit: 100 })),
      await planOf(db, (tx) => lockTasks(tx, ids)),
      await planOf(db, (tx) => lockWorkflows(tx, ids)),
      await planOf(db, (tx) => lockNamedTasks(tx, named)),
      await planOf(db, (tx) => lockNamedWorkflows(tx, named)),
      await planOf(db, (tx) => lockWorkflowsOfTasks(tx, named)),
      await planOf(db, (tx) => findTaskOwners(tx, wanted)),
      await planOf(db, (tx) => findKnownExecutions(tx, wanted)),
      await planOf(db, (tx) =>
        heartbeatTasks(tx, { now, leaseMs: 1, beat: ids.map((id) => ({ id, orgId: org, claimEpoch: null })) }),
      ),
      await planOf(db, (tx) =>
        listEventPage(tx, {
          ...{ orgId: org, workflowId: ids[0] ?? "" },
          run: null,
          after: 0,
          countMax: 9,
          bytesMax: 9,
        }),
      ),
      await planOf(db, (tx) =>
        listWorkflows(tx, {
          orgId: org,
          status: null,
          kind: null,
          queue: null,
          activationFailing: false,
          before: null,
          limit: 20,
          offset: 0,
        }),
      ),
    ];
    for (const nodes of plans) {
      const scans = [...scansOf(nodes, "task_execution"), ...scansOf(nodes, "workflow_execution")];
      expect(scans.length).toBeGreaterThan(0);
      expect(scans.filter((scan) => scan["Node Type"] === "Seq Scan")).toEqual([]);
    }
  });
});
