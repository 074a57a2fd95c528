/**
 * Goal: processes can be replaced one after the other under load; what a client sees is at most UNAVAILABLE, healed by a
 * retry, and calls that wait at a gateway end well.
 */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import {
  addOne,
  assertFanOutHistory,
  type CallError,
  createRetry,
  fanOut,
  RawWorker,
  type ServiceName,
  scrapeOf,
} from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { waitForCompleted } from "./wait-for-work.js";

const TASKS = 3;
const BATCH = 20;
const use = useCluster({ replicas: REPLICATED });

test.each<ServiceName[]>([["gateway"], ["dispatch", "tasks"]])(
  "SIGTERM to each replica of %s in turn fails no call for good",
  { timeout: 300_000 },
  (...services) => replaceUnderLoad(services),
);

async function replaceUnderLoad(services: readonly ServiceName[]): Promise<void> {
  const { cluster } = use;
  const queue = `rolling-${services[0]}`;
  const failures: CallError[] = [];
  const onFailedCall = (error: CallError) => failures.push(error);
  const retry = createRetry(onFailedCall);
  const clients = [use.client(0), use.client(1)];
  const workers = clients.map(
    (client, index) =>
      new RawWorker({
        client,
        workerId: `worker-${index}`,
        queue,
        runWorkflow: fanOut(TASKS),
        runTask: addOne,
        // Without a short lease: what a stopping gateway had claimed must reach its poller.
        sendClaims: true,
        retry,
        onFailedCall,
      }),
  );
  const ids: string[] = [];
  const startBatch = async (batch: number) => {
    const starts = Array.from({ length: BATCH }, (_, index) => {
      const client = clients[index % 2];
      if (client === undefined) throw new Error("no client");
      const request = { workflowKind: "fan-out", queue, idempotencyKey: `${queue}-${batch}-${index}` };
      return retry(() => client.startWorkflow(request));
    });
    ids.push(...(await Promise.all(starts)).map((started) => started.workflowExecutionId));
  };
  await startBatch(0);
  const replicas = services.flatMap((service) => cluster.replicas(service));
  for (const [index, replica] of replicas.entries()) {
    const batch = startBatch(index + 1);
    await replica.stop();
    await replica.start();
    await batch;
  }
  await waitForCompleted(use.rest(), queue, ids.length);
  for (const worker of workers) await worker.stop();

  expect(new Set(ids).size).toBe((1 + replicas.length) * BATCH);
  // A gateway is away for a while; another replica of the other services takes over before the first one goes.
  const expected = services.includes("gateway") ? [status.UNAVAILABLE] : [];
  expect(failures.filter((failure) => !expected.includes(failure.code))).toEqual([]);
  const [client] = clients;
  for (const id of ids) assertFanOutHistory((await client?.getEvents(id)) ?? [], TASKS);
}

test("a parked poll and a notification stream end well when their gateway is stopped", async () => {
  const gateway = use.cluster.replica("gateway", 0);
  const client = use.client(0);
  const queue = "parked";
  const metadata = { "flovyn-poll-hold-ms": "30000" };
  const poll = client.pollWorkflow({ workerId: "patient", queue }, { metadata, deadlineMs: 60_000 });
  const events: unknown[] = [];
  const stream = (async () => {
    for await (const event of client.subscribe({ workerId: "listener", queue }, { deadlineMs: 60_000 })) {
      events.push(event);
    }
  })();
  await waitFor("a parked poll and an open stream", async () => {
    const figures = await scrapeOf(gateway);
    return (
      /^flovyn_gateway_parked_polls(\{.*\})? 1$/m.test(figures) && /^flovyn_gateway_streams(\{.*\})? 1$/m.test(figures)
    );
  });
  await gateway.stop();
  expect(await poll).toBeUndefined();
  await stream;
  expect(events).toEqual([]);
  await gateway.start();
});
