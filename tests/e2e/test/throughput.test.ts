/**
 * Goal: work spread over replicas of every service and two workers is done once, and told once in each history.
 * Approach: workers of the published protocol without any of our additions, in processes of their own, one per gateway.
 */
import { expect, test } from "vitest";
import { assertFanOutHistory, dataOf, spawnWorker } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { waitForCompleted } from "./wait-for-work.js";

const WORKFLOWS = 200;
const TASKS = 5;
const queue = "fan-out";
const use = useCluster({ replicas: REPLICATED });

test("pitfall 5: 200 workflows of 5 parallel tasks complete, in every history each task ends once and after its scheduling", {
  timeout: 300_000,
}, async () => {
  const { cluster } = use;
  const workers = await Promise.all(
    cluster.replicas("gateway").map((gateway, index) =>
      spawnWorker({
        name: `worker-${index}`,
        address: gateway.grpcAddress,
        org: cluster.org,
        queue,
        tasks: TASKS,
        slots: 10,
      }),
    ),
  );
  const clients = [use.client(0), use.client(1)] as const;
  const started = await Promise.all(
    Array.from({ length: WORKFLOWS }, (_, index) =>
      clients[index % 2 === 0 ? 0 : 1].startWorkflow({
        workflowKind: "fan-out",
        queue,
        input: Buffer.from(`${index}`),
      }),
    ),
  );
  await waitForCompleted(use.rest(), queue, WORKFLOWS, 280_000);
  for (const worker of workers) expect(await worker.stop()).toEqual({ code: 0, signal: null });

  for (const [index, { workflowExecutionId }] of started.entries()) {
    const events = await clients[1].getEvents(workflowExecutionId);
    assertFanOutHistory(events, TASKS);
    const [first] = events;
    expect(first && dataOf(first).input).toBe(index);
  }
});
