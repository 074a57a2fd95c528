/**
 * Goal: a connection that is dead without either end knowing, as behind a router that lost it, keeps no work: what was handed
 * out on it is given to another worker within seconds. Approach: a worker behind a proxy that freezes its connection.
 */
import { startTcpProxy, type TcpProxy, waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { completed, FlovynClient } from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { statusOf } from "./wait-for-events.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

/** What no work may wait longer than. */
const waitMsMax = 15_000;
const held = { metadata: { "flovyn-poll-hold-ms": "60000" } };
const use = useCluster({ replicas: SMALL });
let proxy: TcpProxy;
const clients: FlovynClient[] = [];

beforeAll(async () => {
  const [host = "", port = ""] = use.cluster.replica("gateway", 0).grpcAddress.split(":");
  proxy = await startTcpProxy({ host, port: Number(port) });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await proxy.close();
});

/** A client whose connection goes through the proxy. */
function behindProxy(): FlovynClient {
  const { workerKey: token, id: orgId } = use.cluster.org;
  const client = new FlovynClient({ address: `127.0.0.1:${proxy.port}`, token, orgId });
  clients.push(client);
  return client;
}

test("a workflow that was handed out on a frozen connection is handed to another worker", async () => {
  const queue = "frozen-workflow";
  const client = use.client();
  const behind = behindProxy();
  void behind.pollWorkflow({ workerId: "frozen", queue, timeoutSeconds: 60 }, held).catch(() => {});
  // The poll is held when this one, which comes later and does not wait, was answered with nothing.
  await behind.pollWorkflow({ workerId: "frozen", queue: "other" });
  proxy.freeze();
  const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "order", queue });
  await waitFor("the workflow to be handed out", async () => (await statusOf(use.rest(), id)) === "RUNNING");
  const fromMs = performance.now();
  const execution = await claimWorkflow(client, { queue, workerId: "alive", timeoutMs: 30_000 });
  expect(execution.id).toBe(id);
  expect(performance.now() - fromMs).toBeLessThan(waitMsMax);
  await client.submitCommands({ workflowExecutionId: id, claimEpoch: execution.claimEpoch, ...completed("1") });
  expect(await statusOf(use.rest(), id)).toBe("COMPLETED");
  proxy.cut();
});

test("a task that was handed out on a frozen connection goes back when its worker has another connection", async () => {
  const queue = "frozen-task";
  const client = use.client();
  const behind = behindProxy();
  void behind.pollTask({ workerId: "moved", queue, timeoutSeconds: 60 }, held).catch(() => {});
  await behind.pollTask({ workerId: "moved", queue: "other" });
  proxy.freeze();
  const { taskExecutionId } = await client.submitTask({ kind: "charge", queue });
  await waitFor("the task to be handed out", async () => {
    const { json } = await use.rest().get(`/task-executions/${taskExecutionId}`);
    return (json as { status: string }).status === "RUNNING";
  });
  const fromMs = performance.now();
  const task = await claimTask(client, { queue, workerId: "moved", timeoutMs: 30_000 });
  expect(task.taskExecutionId).toBe(taskExecutionId);
  expect(performance.now() - fromMs).toBeLessThan(waitMsMax);
  await client.completeTask({ taskExecutionId, claimEpoch: task.claimEpoch, output: Buffer.from("1") });
  proxy.cut();
});
