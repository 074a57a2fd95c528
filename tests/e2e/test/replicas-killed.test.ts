/**
 * Goal: a service replica that dies in the middle of work costs time, never work.
 * Approach: kill -9 while workflows run; workers retry what is UNAVAILABLE and send their claims, so that a repeated report
 * is known as one.
 */
import { expect, test } from "vitest";
import { addOne, assertFanOutHistory, createRetry, fanOut, RawWorker } from "../src/index.js";
import { REPLICATED, SILENCE_MS, useCluster } from "./use-cluster.js";
import { waitForCompleted } from "./wait-for-work.js";

const WORKFLOWS = 100;
const TASKS = 5;
const use = useCluster({ replicas: REPLICATED, silenceMs: SILENCE_MS });

test("kill -9 of a replica of dispatch, tasks and gateway: all finish, nothing is doubled", {
  timeout: 300_000,
}, async () => {
  const { cluster } = use;
  const queue = "replicas";
  const rest = use.rest();
  const retry = createRetry();
  const workers = [0, 1].map(
    (gateway) =>
      new RawWorker({
        client: use.client(gateway),
        workerId: `worker-${gateway}`,
        queue,
        runWorkflow: fanOut(TASKS),
        runTask: addOne,
        slots: 4,
        // A claim whose answer died with the replica comes back when its lease ends.
        leaseMs: 5000,
        sendClaims: true,
        retry,
      }),
  );
  const client = use.client(0);
  const starting = Promise.all(
    Array.from({ length: WORKFLOWS }, (_, index) =>
      retry(() => client.startWorkflow({ workflowKind: "fan-out", queue, idempotencyKey: `replicas-${index}` })),
    ),
  );
  await waitForCompleted(rest, queue, 10);
  await cluster.replica("dispatch", 0).kill();
  await waitForCompleted(rest, queue, 40);
  await cluster.replica("tasks", 0).kill();
  await waitForCompleted(rest, queue, 70);
  await cluster.replica("gateway", 1).kill();
  await waitForCompleted(rest, queue, WORKFLOWS);
  const killed = [cluster.replica("dispatch", 0), cluster.replica("tasks", 0), cluster.replica("gateway", 1)];
  await Promise.all(killed.map((replica) => replica.start()));
  for (const worker of workers) await worker.stop();

  const started = await starting;
  expect(new Set(started.map((one) => one.workflowExecutionId)).size).toBe(WORKFLOWS);
  expect((await rest.get(`/workflow-executions?queue=${queue}&limit=1`)).json.total).toBe(WORKFLOWS);
  for (const { workflowExecutionId } of started) {
    assertFanOutHistory(await client.getEvents(workflowExecutionId), TASKS);
  }
});
