/**
 * Goal: completions that arrive together, and while a worker holds the workflow, are all written and none is lost.
 * Approach: the test is the worker, so that it decides what happens between claim and submission; reports leave together
 * through two gateways.
 */
import { expect, test } from "vitest";
import { assertFanOutHistory, completed, count, type FlovynClient, scheduleTask, suspended } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

const TASKS = 10;
const ROUNDS = 5;
const use = useCluster({ replicas: REPLICATED });

/** Starts a workflow, schedules ten tasks and claims them all. */
async function tenClaimedTasks(client: FlovynClient, queue: string) {
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "ten", queue });
  await claimWorkflow(client, { queue });
  const ids = Array.from({ length: TASKS }, () => crypto.randomUUID());
  await client.submitCommands({
    workflowExecutionId,
    ...suspended(...ids.map((id) => scheduleTask({ id, kind: "t" }))),
  });
  for (const _ of ids) await claimTask(client, { queue });
  return { workflowExecutionId, ids };
}

/** The reports of the tasks, all sent before the first is answered. */
function completeAll(clients: readonly FlovynClient[], ids: readonly string[]): Promise<unknown>[] {
  return ids.flatMap((taskExecutionId, index) => {
    const client = clients[index % clients.length];
    return client ? [client.completeTask({ taskExecutionId, output: Buffer.from(String(index)) })] : [];
  });
}

async function finish(client: FlovynClient, queue: string, workflowExecutionId: string): Promise<void> {
  const execution = await claimWorkflow(client, { queue });
  expect(execution.id).toBe(workflowExecutionId);
  expect(count(await client.getEvents(workflowExecutionId), "TASK_COMPLETED")).toBe(TASKS);
  await client.submitCommands({ workflowExecutionId, ...completed("null") });
  assertFanOutHistory(await client.getEvents(workflowExecutionId), TASKS);
}

test("pitfall 1: ten tasks that complete in the same instant leave ten events", async () => {
  const queue = "same-instant";
  const clients = [use.client(0), use.client(1)];
  for (let round = 0; round < ROUNDS; round++) {
    const { workflowExecutionId, ids } = await tenClaimedTasks(use.client(0), queue);
    await Promise.all(completeAll(clients, ids));
    await finish(use.client(1), queue, workflowExecutionId);
  }
});

test("pitfall 3: completions while a worker holds the workflow make its suspend claimable again", async () => {
  const queue = "while-running";
  const clients = [use.client(0), use.client(1)];
  const client = use.client(0);
  for (let round = 0; round < ROUNDS; round++) {
    const { workflowExecutionId, ids } = await tenClaimedTasks(client, queue);
    await Promise.all(completeAll(clients, ids.slice(0, 1)));
    await claimWorkflow(client, { queue });
    expect(count(await client.getEvents(workflowExecutionId), "TASK_COMPLETED")).toBe(1);
    await Promise.all(completeAll(clients, ids.slice(1)));
    await client.submitCommands({ workflowExecutionId, ...suspended() });
    await finish(client, queue, workflowExecutionId);
  }
});

test("pitfall 4: a suspend that races with completions loses none of them", async () => {
  const queue = "racing";
  const clients = [use.client(0), use.client(1)];
  const client = use.client(1);
  for (let round = 0; round < ROUNDS; round++) {
    const { workflowExecutionId, ids } = await tenClaimedTasks(client, queue);
    await Promise.all(completeAll(clients, ids.slice(0, 1)));
    await claimWorkflow(client, { queue });
    const suspend = client.submitCommands({ workflowExecutionId, ...suspended() });
    await Promise.all([suspend, ...completeAll(clients, ids.slice(1))]);
    await finish(client, queue, workflowExecutionId);
  }
});

test("a workflow that suspends with nothing new is not handed out again", async () => {
  const queue = "quiet";
  const client = use.client(0);
  const { workflowExecutionId, ids } = await tenClaimedTasks(client, queue);
  expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
  expect((await use.rest().get(`/workflow-executions/${workflowExecutionId}`)).json.status).toBe("WAITING");
  await Promise.all(completeAll([client], ids));
  await finish(client, queue, workflowExecutionId);
});

test("a worker that could not read the history, and suspends with nothing to tell it by, is handed the signal again", async () => {
  const queue = "no-history";
  const client = use.client(0);
  const signal = { signalName: "go", signalValue: Buffer.from("1") };
  const kind = { workflowId: queue, workflowKind: "listens", workflowInput: Buffer.from("1") };
  const { workflowExecutionId } = await client.signalWithStart({ ...kind, queue, ...signal });
  await claimWorkflow(client, { queue });
  await client.submitCommands({ workflowExecutionId, ...suspended() });
  await claimWorkflow(client, { queue });
  expect(count(await client.getEvents(workflowExecutionId), "SIGNAL_RECEIVED")).toBe(1);
  await client.submitCommands({ workflowExecutionId, ...suspended() });
  expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
  expect((await use.rest().get(`/workflow-executions/${workflowExecutionId}`)).json.status).toBe("WAITING");
  // Whoever has read the history is believed.
  await client.signalWorkflow({ workflowExecutionId, ...signal });
  await claimWorkflow(client, { queue });
  await client.getEvents(workflowExecutionId);
  await client.submitCommands({ workflowExecutionId, ...suspended() });
  expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
});
