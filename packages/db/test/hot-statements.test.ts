/**
 * The text of each hot statement, as it reaches the database. A change shows up in the diff, where it is read; a statement
 * whose text changes is planned anew on every server.
 */
import { describe, expect, it } from "vitest";
import type { Executor, Transaction } from "../src/database.js";
import * as store from "../src/store/index.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const now = 0;

/** Runs a store function without a database and returns the statements it sends. */
async function textsOf(run: (tx: Transaction) => unknown): Promise<string> {
  const texts: string[] = [];
  const tx: Executor & Transaction = {
    query: async ({ name, text }) => {
      expect(text.startsWith(`/* ${name} */\n`)).toBe(true);
      texts.push(text.replace(/[ \t]+$/gm, ""));
      return { rows: [], rowCount: 0, command: "", oid: 0, fields: [] };
    },
    defer: () => undefined,
  };
  await run(tx);
  return texts.join("\n\n");
}

const hot: Record<string, (tx: Transaction) => unknown> = {
  claimWorkflows: (tx) => store.claimWorkflows(tx, { now, pollers: [] }),
  claimTasks: (tx) => store.claimTasks(tx, { now, pollers: [] }),
  insertWorkflows: (tx) => store.insertWorkflows(tx, now, []),
  insertTasks: (tx) => store.insertTasks(tx, { now, task: [], transition: [] }),
  lockWorkflows: (tx) => store.lockWorkflows(tx, [id]),
  lockNamedWorkflows: (tx) => store.lockNamedWorkflows(tx, [{ orgId: id, id }]),
  lockWorkflowsOfTasks: (tx) => store.lockWorkflowsOfTasks(tx, [{ orgId: id, id }]),
  lockTasks: (tx) => store.lockTasks(tx, [id]),
  lockNamedTasks: (tx) => store.lockNamedTasks(tx, [{ orgId: id, id }]),
  findTaskOwners: (tx) => store.findTaskOwners(tx, [{ orgId: id, id, substitute: id }]),
  findKnownExecutions: (tx) => store.findKnownExecutions(tx, [{ orgId: id, id, substitute: id }]),
  saveLockedWorkflows: (tx) => store.saveLockedWorkflows(tx, { now, workflow: [], event: [], transition: [] }),
  saveLockedTasks: (tx) => store.saveLockedTasks(tx, { now, task: [], attempt: [], transition: [] }),
  writeWorkflowState: (tx) =>
    store.writeWorkflowState(tx, now, [
      { workflowId: id, key: "a", value: new Uint8Array() },
      { workflowId: id, key: "b", value: null },
    ]),
  heartbeatTasks: (tx) => store.heartbeatTasks(tx, { now, leaseMs: 1, beat: [] }),
  takeKeys: (tx) => store.takeKeys(tx, { now, wanted: [] }),
  listShortHistories: (tx) => store.listShortHistories(tx, { lengthMax: 1, bytesMax: 1, bytesTotalMax: 1, wanted: [] }),
  listEventPage: (tx) =>
    store.listEventPage(tx, { orgId: id, workflowId: id, run: null, after: 0, countMax: 1, bytesMax: 1 }),
  findWorkflowResults: (tx) => store.findWorkflowResults(tx, []),
  findAbandonedWorkflows: (tx) =>
    store.findAbandonedWorkflows(tx, { now, silentBefore: now, heldBefore: now, limit: 1 }),
  findAbandonedTasks: (tx) => store.findAbandonedTasks(tx, { now, silentBefore: now, limit: 1 }),
  findTasksPastDeadline: (tx) => store.findTasksPastDeadline(tx, { now, limit: 1 }),
  listOverdueTaskQueues: (tx) => store.listOverdueTaskQueues(tx, { before: now, limit: 1 }),
  insertTimers: (tx) => store.insertTimers(tx, { now, timer: [] }),
  findTimers: (tx) => store.findTimers(tx, [{ workflowId: id, timerId: "t" }]),
  findDueTimers: (tx) => store.findDueTimers(tx, { now, limit: 1 }),
  nextTimerDue: (tx) => store.nextTimerDue(tx),
  lockTimers: (tx) => store.lockTimers(tx, [id]),
  fireTimers: (tx) => store.fireTimers(tx, { now, ids: [id] }),
  insertPromises: (tx) => store.insertPromises(tx, { now, promise: [] }),
  findPromises: (tx) => store.findPromises(tx, [{ orgId: id, ref: { id } }]),
  findTimedOutPromises: (tx) => store.findTimedOutPromises(tx, { now, limit: 1 }),
  lockPromises: (tx) => store.lockPromises(tx, [id]),
  settlePromises: (tx) => store.settlePromises(tx, { now, settled: [] }),
  closeTimersOf: (tx) => store.closeTimersOf(tx, { now, workflowIds: [id] }),
  closePromisesOf: (tx) => store.closePromisesOf(tx, { now, workflowIds: [id], releasedIds: [] }),
  findSignalIds: (tx) => store.findSignalIds(tx, [{ workflowId: id, signalId: "s" }]),
  findOwedChildEnds: (tx) => store.findOwedChildEnds(tx, [id]),
  findOwingWorkflows: (tx) => store.findOwingWorkflows(tx, { before: now, limit: 1 }),
  markWorkersSeen: (tx) => store.markWorkersSeen(tx, { now, seen: [] }),
};

describe("hot statements", () => {
  it.each(Object.keys(hot))("%s", async (name) => {
    expect(await textsOf(hot[name] as (tx: Transaction) => unknown)).toMatchSnapshot();
  });
});
