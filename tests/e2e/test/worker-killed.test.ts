/**
 * Goal: what a worker held when it died is done by another one, once, and the dead one's late reports change nothing.
 * Approach: a worker process stalls while it holds claims, tells which, and is killed; leases are short, because a worker
 * without a lease of its own is only found silent after a minute.
 */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { assertFanOutHistory, completed, count, scheduleTask, spawnWorker, suspended } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow, waitForCompleted } from "./wait-for-work.js";

const WORKFLOWS = 20;
const TASKS = 5;
const LEASE_MS = 5000;
/** The lease, a round of the sweep that ends it, and room. */
const RECLAIM_TIMEOUT_MS = 25_000;
const use = useCluster({ replicas: REPLICATED });

test("kill -9 of a worker: its workflows and tasks finish on the other one", { timeout: 90_000 }, async () => {
  const { cluster } = use;
  const queue = "killed";
  const client = use.client(1);
  const common = { org: cluster.org, queue, tasks: TASKS, slots: 5, leaseMs: LEASE_MS };
  const doomed = await spawnWorker({
    ...common,
    name: "doomed",
    address: cluster.replica("gateway", 0).grpcAddress,
    stallAfter: WORKFLOWS,
  });
  const started = await Promise.all(
    Array.from({ length: WORKFLOWS }, () => client.startWorkflow({ workflowKind: "fan-out", queue })),
  );
  const heldTask = await doomed.waitForLine(/holds task (\S+) (\d+)/);
  const heldWorkflow = await doomed.waitForLine(/holds workflow (\S+) (\d+)/);
  await doomed.kill("SIGKILL");

  const heir = await spawnWorker({ ...common, name: "heir", address: cluster.replica("gateway", 1).grpcAddress });
  await waitForCompleted(use.rest(), queue, WORKFLOWS, RECLAIM_TIMEOUT_MS);
  await heir.stop();

  const late = client.completeTask({
    taskExecutionId: heldTask[1] ?? "",
    claimEpoch: Number(heldTask[2]),
    output: Buffer.from('"late"'),
  });
  await expect(late).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
  // The workflow ended without the dead worker: what it submits for its old claim is swallowed.
  await client
    .submitCommands({
      workflowExecutionId: heldWorkflow[1] ?? "",
      claimEpoch: Number(heldWorkflow[2]),
      ...completed('"late"'),
    })
    .catch((error: unknown) => expect(error).toMatchObject({ code: status.ABORTED }));
  for (const { workflowExecutionId } of started) {
    assertFanOutHistory(await client.getEvents(workflowExecutionId), TASKS);
  }
});

test("a claim that was taken back is fenced off, the new one counts", { timeout: 60_000 }, async () => {
  const queue = "fenced";
  const client = use.client(0);
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "fenced", queue });
  const lost = await claimWorkflow(client, { queue, workerId: "first", leaseMs: LEASE_MS });
  const held = await claimWorkflow(client, { queue, workerId: "second", timeoutMs: RECLAIM_TIMEOUT_MS });
  expect(held.id).toBe(lost.id);
  expect(held.claimEpoch).toBeGreaterThan(lost.claimEpoch);
  const taskId = crypto.randomUUID();
  const submission = { workflowExecutionId, ...suspended(scheduleTask({ id: taskId, kind: "task" })) };
  const stale = { code: status.ABORTED, reason: "STALE_LEASE" };
  await expect(client.submitCommands({ ...submission, claimEpoch: lost.claimEpoch })).rejects.toMatchObject(stale);
  await client.submitCommands({ ...submission, claimEpoch: held.claimEpoch });

  const lostTask = await claimTask(client, { queue, workerId: "first", leaseMs: LEASE_MS });
  const heldTask = await claimTask(client, { queue, workerId: "second", timeoutMs: RECLAIM_TIMEOUT_MS });
  expect(heldTask.taskExecutionId).toBe(lostTask.taskExecutionId);
  const report = { taskExecutionId: taskId, output: Buffer.from("1") };
  await expect(client.completeTask({ ...report, claimEpoch: lostTask.claimEpoch })).rejects.toMatchObject(stale);
  await client.completeTask({ ...report, claimEpoch: heldTask.claimEpoch });

  const again = await claimWorkflow(client, { queue, workerId: "second" });
  await client.submitCommands({ workflowExecutionId, claimEpoch: again.claimEpoch, ...completed("1") });
  const events = await client.getEvents(workflowExecutionId);
  expect(count(events, "TASK_COMPLETED")).toBe(1);
  assertFanOutHistory(events, 1);
});

test("the work of a worker whose session breaks is handed out again without waiting for a lease", async () => {
  const queue = "session";
  const workerId = "connected";
  const client = use.client(0);
  const closing = new AbortController();
  const metadata = { "flovyn-worker-session": "true" };
  const options = { metadata, signal: closing.signal, deadlineMs: 60_000 };
  let events = 0;
  const session = (async () => {
    for await (const _ of client.subscribe({ workerId, queue }, options)) events += 1;
  })();
  // An event tells that the stream stands. A start may come before its subscription has reached the broker.
  await waitFor("an event on the session", async () => {
    await client.startWorkflow({ workflowKind: "session", queue });
    return events > 0;
  });
  const held = await claimWorkflow(client, { queue, workerId });
  while ((await client.pollWorkflow({ workerId: "other", queue })) !== undefined);
  closing.abort();
  await session;
  const again = await claimWorkflow(client, { queue, workerId: "other", timeoutMs: 20_000 });
  expect(again.id).toBe(held.id);
  expect(again.claimEpoch).toBeGreaterThan(held.claimEpoch);
});
