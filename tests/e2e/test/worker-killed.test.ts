/**
 * Goal: what a worker held when it died is done by another one, once, and the dead one's late reports change nothing.
 * Approach: a worker process stalls while it holds claims, tells which, and is killed; leases are short, because a worker
 * without a lease of its own is only found silent after a minute.
 */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  assertFanOutHistory,
  completed,
  count,
  createRetry,
  type FlovynClient,
  scheduleTask,
  spawnWorker,
  suspended,
} from "../src/index.js";
import { REPLICATED, SILENCE_MS, useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow, waitForCompleted } from "./wait-for-work.js";

const WORKFLOWS = 20;
const TASKS = 5;
const LEASE_MS = 5000;
/** Less than the lease, which would free the work, too. */
const SESSION_LOST_MS = 40_000;
const use = useCluster({ replicas: REPLICATED, silenceMs: SILENCE_MS });

test("pitfall 11: kill -9 of a worker: its workflows and tasks finish on the other one", {
  timeout: 300_000,
}, async () => {
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
  await waitForCompleted(use.rest(), queue, WORKFLOWS);
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

test("a claim that was taken back is fenced off, the new one counts", { timeout: 300_000 }, async () => {
  const queue = "fenced";
  const client = use.client(0);
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "fenced", queue });
  const lost = await claimWorkflow(client, { queue, workerId: "first", leaseMs: LEASE_MS });
  const held = await claimWorkflow(client, { queue, workerId: "second" });
  expect(held.id).toBe(lost.id);
  expect(held.claimEpoch).toBeGreaterThan(lost.claimEpoch);
  const taskId = crypto.randomUUID();
  const submission = { workflowExecutionId, ...suspended(scheduleTask({ id: taskId, kind: "task" })) };
  const stale = { code: status.ABORTED, reason: "STALE_LEASE" };
  await expect(client.submitCommands({ ...submission, claimEpoch: lost.claimEpoch })).rejects.toMatchObject(stale);
  await client.submitCommands({ ...submission, claimEpoch: held.claimEpoch });

  const lostTask = await claimTask(client, { queue, workerId: "first", leaseMs: LEASE_MS });
  const heldTask = await claimTask(client, { queue, workerId: "second" });
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

test("pitfall 11: what a dead worker held is handed out again although what gave it to it was killed, too", {
  timeout: 300_000,
}, async () => {
  const queue = "all-killed";
  const { cluster } = use;
  const client = use.client(0);
  const retry = createRetry();
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "held", queue });
  const { taskExecutionId } = await client.submitTask({ kind: "held", queue });
  const workflow = await claimWorkflow(client, { queue, workerId: "dead", leaseMs: LEASE_MS });
  const task = await claimTask(client, { queue, workerId: "dead", leaseMs: LEASE_MS });
  const servers = [...cluster.replicas("dispatch"), ...cluster.replicas("tasks")];
  await Promise.all(servers.map((server) => server.kill()));
  await Promise.all(servers.map((server) => server.start()));
  const [again, taskAgain] = await Promise.all([
    claimWorkflow(client, { queue, workerId: "heir" }),
    claimTask(client, { queue, workerId: "heir" }),
  ]);
  expect(again.id).toBe(workflow.id);
  expect(taskAgain.taskExecutionId).toBe(task.taskExecutionId);
  const { claimEpoch } = again;
  await retry(() => client.submitCommands({ workflowExecutionId, claimEpoch, ...completed("1") }));
  await retry(() => client.completeTask({ taskExecutionId, claimEpoch: taskAgain.claimEpoch }));
});

test.each([
  ["the name that it made up", async () => "connected"],
  ["its registered name", async (client: FlovynClient) => register(client, "named").then(() => "named")],
  ["its registered id", async (client: FlovynClient) => (await register(client, "with-id")).workerId],
])(
  "pitfall 12: the work of a worker that polls by %s is handed out again when its session breaks",
  async (by, identify) => {
    const queue = `session-${by.replaceAll(" ", "-")}`;
    const client = use.client(0);
    const workerId = await identify(client);
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
    await client.submitTask({ kind: "session", queue });
    const heldTask = await claimTask(client, { queue, workerId });
    while ((await client.pollWorkflow({ workerId: "other", queue })) !== undefined);
    closing.abort();
    await session;
    const again = await claimWorkflow(client, { queue, workerId: "other", timeoutMs: SESSION_LOST_MS });
    expect(again.id).toBe(held.id);
    expect(again.claimEpoch).toBeGreaterThan(held.claimEpoch);
    const taskAgain = await claimTask(client, { queue, workerId: "other", timeoutMs: SESSION_LOST_MS });
    expect(taskAgain.taskExecutionId).toBe(heldTask.taskExecutionId);
  },
);

function register(client: FlovynClient, workerName: string) {
  return client.registerWorker({ workerName, workflows: [{ kind: "session" }], tasks: [{ kind: "session" }] });
}
