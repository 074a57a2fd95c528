/**
 * The plans of a database that was just made. Prepared statements keep the plan of the first minutes until the tables have
 * statistics, so it must not be one that grows with the table. Method: EXPLAIN of generic plans on empty tables.
 */
import { newId } from "@flovyn/domain";
import { createTestDatabase, type TestDatabase } from "@flovyn/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Database, type Transaction } from "../src/database.js";
import {
  claimTasks,
  claimWorkflows,
  findKnownExecutions,
  findTaskOwners,
  findWorkflow,
  listShortHistories,
  lockNamedTasks,
  lockNamedWorkflows,
  lockTasks,
  lockWorkflows,
  lockWorkflowsOfTasks,
} from "../src/store/index.js";
import { planOf, scansOf } from "./explain.js";

const org = newId();
const id = newId();
const now = Date.UTC(2026, 0, 1);
const named = [{ orgId: org, id }];
const pollers = [
  {
    ...{ orgId: org, queue: "q", kinds: null, rank: 1, workerId: "w", principal: "Worker/w" },
    ...{ leaseMs: 60_000, ownLeaseMs: null, transitionId: newId() },
  },
];
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

/** One row for an id, or the next rows of a queue. */
const bounded = /_(pkey|org|claim)$/;

it.each<[string, (tx: Transaction) => unknown]>([
  ["a claim of workflows", (tx) => claimWorkflows(tx, { now, pollers })],
  ["a claim of tasks", (tx) => claimTasks(tx, { now, pollers })],
  ["a lock of workflows", (tx) => lockWorkflows(tx, [id])],
  ["a lock of named workflows", (tx) => lockNamedWorkflows(tx, named)],
  ["a lock of tasks", (tx) => lockTasks(tx, [id])],
  ["a lock of named tasks", (tx) => lockNamedTasks(tx, named)],
  ["a lock of the workflows of tasks", (tx) => lockWorkflowsOfTasks(tx, named)],
  ["a look-up of task owners", (tx) => findTaskOwners(tx, [{ orgId: org, id, substitute: id }])],
  ["a look-up of executions", (tx) => findKnownExecutions(tx, [{ orgId: org, id, substitute: id }])],
  ["a read of one workflow", (tx) => findWorkflow(tx, { orgId: org, id })],
  [
    "a read of histories",
    (tx) => {
      const limits = { lengthMax: 500, bytesMax: 1e6, bytesTotalMax: 4e6 };
      return listShortHistories(tx, { ...limits, wanted: [{ orgId: org, workflowId: id }] });
    },
  ],
])("%s finds its executions by their ids or their queue while there are no statistics", async (_name, run) => {
  const nodes = await planOf(db, run);
  const executions = ["task_execution", "workflow_execution"];
  const indexes = nodes
    .map((node) => node["Index Name"] ?? "")
    .filter((name) => /^(task|workflow)_execution_/.test(name));
  expect(indexes.length).toBeGreaterThan(0);
  for (const index of indexes) expect(index).toMatch(bounded);
  const scans = executions.flatMap((relation) => scansOf(nodes, relation));
  expect(scans.filter((scan) => scan["Node Type"] === "Seq Scan")).toEqual([]);
});
