/**
 * Goal: a worker id means a worker of the principal that names it. Another key of the org that uses the same id, over the
 * same gateway or another one, reaches nothing that the first one holds or waits for.
 * Approach: an intruder does under the id of a victim all that a worker can do, holds work of its own under it, and leaves.
 * Its own work being handed out again shows that its loss has been acted upon; the victim must then still hold its work.
 */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { accessToml, completed, type FlovynClient, otherWorkerKey, rotatedWorkerKey } from "../src/index.js";
import { REPLICATED, useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

/** Less than the lease, which would free the work, too. */
const LOST_WITHIN_MS = 40_000;
const use = useCluster({ replicas: REPLICATED, toml: accessToml });
const ofVictim = (gateway = 0) => use.client(gateway);
const ofIntruder = (gateway = 0) => use.client(gateway, { token: otherWorkerKey(use.cluster.org) });

interface Named {
  by: string;
  registered: boolean;
  /** What the victim calls itself, after it has registered under the name where it does. */
  identify(client: FlovynClient, workerName: string): Promise<string>;
}

const named: readonly Named[] = [
  { by: "a name that it made up", registered: false, identify: async (_, workerName) => workerName },
  {
    ...{ by: "its registered name", registered: true },
    identify: async (client, workerName) => {
      await register(client, workerName, "own");
      return workerName;
    },
  },
  {
    ...{ by: "its registered id", registered: true },
    identify: async (client, workerName) => (await register(client, workerName, "own")).workerId,
  },
];

describe.each(named)("a worker that goes by $by", ({ by, registered, identify }) => {
  const queue = `identity-${by.replaceAll(" ", "-")}`;

  test("keeps its work when another principal opens and leaves sessions under its id", async () => {
    const victim = ofVictim();
    const workerName = `${queue}-keeps`;
    const workerId = await identify(victim, workerName);
    const session = await openSession(victim, { workerId, queue });
    const held = await holdWork(victim, { workerId, queue, kind: "own" });

    const intruders = [ofIntruder(0), ofIntruder(1)];
    const theirs = `${queue}-of-the-intruder`;
    const sessions = await Promise.all(intruders.map((client) => openSession(client, { workerId, queue: theirs })));
    const intruder = intruders[1] as FlovynClient;
    const heldByIntruder = await holdWork(intruder, { workerId, queue: theirs, kind: "stolen" });
    for (const client of intruders) {
      await register(client, workerName, "stolen");
      await client.pollWorkflow({ workerId, queue });
      await client.pollTask({ workerId, queue });
    }
    await Promise.all(sessions.map((close) => close()));
    await expectReleased(intruder, { queue: theirs, held: heldByIntruder });

    expect(await workersOf(held)).toEqual([workerId, workerId]);
    await finish(victim, held);
    await session();
  });

  test("takes the kinds that it registered, whatever another principal registers under its name", async () => {
    const victim = ofVictim();
    const workerName = `${queue}-kinds`;
    const workerId = await identify(victim, workerName);
    for (const gateway of [0, 1]) await register(ofIntruder(gateway), workerName, "stolen");
    const kinds = `${queue}-kinds`;
    for (const kind of ["own", "stolen"]) await victim.submitTask({ kind, queue: kinds });
    const expected = registered ? ["own"] : ["own", "stolen"];
    const taken: string[] = [];
    while (taken.length < expected.length) {
      const task = await claimTask(ofVictim(1), { queue: kinds, workerId });
      taken.push(task.kind);
      await victim.completeTask({ taskExecutionId: task.taskExecutionId, output: Buffer.from("1") });
    }
    expect(taken.sort()).toEqual(expected);
    expect(await ofVictim(0).pollTask({ workerId, queue: kinds })).toBeUndefined();
  });

  test("loses its work soon after its own session ended, also when it was opened with another key", async () => {
    const lost = `${queue}-lost`;
    const workerId = await identify(ofVictim(), lost);
    const rotated = use.client(0, { token: rotatedWorkerKey(use.cluster.org) });
    const close = await openSession(rotated, { workerId, queue: lost });
    const held = await holdWork(ofVictim(), { workerId, queue: lost, kind: "own" });
    await close();
    await expectReleased(ofIntruder(), { queue: lost, held });
  });
});

test("a registered id counts for its principal only, and the same name of another principal is another worker", async () => {
  const mine = await register(ofVictim(0), "twin", "own");
  const theirs = await register(ofIntruder(1), "twin", "stolen");
  expect(theirs.workerId).not.toBe(mine.workerId);
  await ofVictim(1).sendHeartbeat(mine.workerId);
  await ofIntruder(0).sendHeartbeat(theirs.workerId);
  await use.client(0, { token: rotatedWorkerKey(use.cluster.org) }).sendHeartbeat(mine.workerId);
  for (const [client, id] of [
    [ofIntruder(0), mine.workerId],
    [ofVictim(0), theirs.workerId],
  ] as const) {
    await expect(client.sendHeartbeat(id)).rejects.toMatchObject({ code: status.NOT_FOUND });
  }
  expect((await register(ofVictim(1), "twin", "own")).workerId).toBe(mine.workerId);
});

interface Held {
  workflow: { id: string; claimEpoch: number };
  task: { taskExecutionId: string; claimEpoch: number };
}

function register(client: FlovynClient, workerName: string, kind: string) {
  return client.registerWorker({ workerName, workflows: [{ kind }], tasks: [{ kind }] });
}

/** Opens a session stream and waits until it stands; the returned function leaves it. */
async function openSession(client: FlovynClient, worker: { workerId: string; queue: string }) {
  const closing = new AbortController();
  const metadata = { "flovyn-worker-session": "true" };
  let events = 0;
  const stream = (async () => {
    const options = { metadata, signal: closing.signal, deadlineMs: 120_000 };
    for await (const _ of client.subscribe(worker, options)) events += 1;
  })();
  // A test that failed closes the connection under it.
  stream.catch(() => {});
  // An event shows that the stream stands. A task may come before its subscription has reached the broker.
  await waitFor("an event on the session", async () => {
    await client.submitTask({ queue: worker.queue, kind: "only to be seen" });
    return events > 0;
  });
  await completeAll(client, worker.queue);
  return async () => {
    closing.abort();
    await stream;
  };
}

async function completeAll(client: FlovynClient, queue: string): Promise<void> {
  for (;;) {
    const task = await client.pollTask({ workerId: "sweeper", queue });
    if (task === undefined) return;
    await client.completeTask({ taskExecutionId: task.taskExecutionId, output: Buffer.from("1") });
  }
}

/** Starts a workflow and a task and claims both. */
async function holdWork(
  client: FlovynClient,
  { workerId, queue, kind }: { workerId: string; queue: string; kind: string },
): Promise<Held> {
  await client.startWorkflow({ workflowKind: kind, queue });
  await client.submitTask({ kind, queue });
  const workflow = await claimWorkflow(client, { queue, workerId });
  const task = await claimTask(client, { queue, workerId });
  return {
    workflow: { id: workflow.id, claimEpoch: Number(workflow.claimEpoch) },
    task: { taskExecutionId: task.taskExecutionId, claimEpoch: Number(task.claimEpoch) },
  };
}

/** Waits until what was held is handed out again. */
async function expectReleased(client: FlovynClient, { queue, held }: { queue: string; held: Held }): Promise<void> {
  const wait = { queue, workerId: "heir", timeoutMs: LOST_WITHIN_MS };
  const workflow = await claimWorkflow(client, wait);
  expect(workflow.id).toBe(held.workflow.id);
  expect(workflow.claimEpoch).toBeGreaterThan(held.workflow.claimEpoch);
  const task = await claimTask(client, wait);
  expect(task.taskExecutionId).toBe(held.task.taskExecutionId);
}

/** What REST shows as the workers of what is held. */
async function workersOf({ workflow, task }: Held): Promise<unknown[]> {
  const paths = [`/workflow-executions/${workflow.id}`, `/task-executions/${task.taskExecutionId}`];
  return Promise.all(paths.map(async (path) => (await use.rest().get(path)).json.workerId));
}

/** Reports what is held under its claims, which are refused once it was taken away. */
async function finish(client: FlovynClient, { workflow, task }: Held): Promise<void> {
  await client.completeTask({ ...task, output: Buffer.from("1") });
  await client.submitCommands({ workflowExecutionId: workflow.id, claimEpoch: workflow.claimEpoch, ...completed("1") });
}
