/**
 * Goal: whatever dies, a timer fires, a promise is settled and a parent hears of its child, each exactly once.
 * Approach: three replicas of those that may contend, kill -9 in the middle of hundreds of waits, and counts of events; that no
 * end stands twice in any history is checked for all of them at the end of the file.
 */
import { waitFor } from "@flovyn/testing";
import { describe, expect, test } from "vitest";
import {
  completed,
  count,
  createPromise,
  createRetry,
  dataOf,
  failed,
  type Replica,
  type Submission,
  scheduleChild,
  startTimer,
  suspended,
} from "../src/index.js";
import { assertEveryWait, endWaits, everyWaitWorker } from "./every-wait.js";
import { SILENCE_MS, useCluster } from "./use-cluster.js";
import { waitForEvents } from "./wait-for-events.js";
import { activateOnce, claimWorkflow, waitForCompleted } from "./wait-for-work.js";

/** Long enough for a busy machine to report in; what dies with a replica is handed out again after it. */
const LEASE_MS = 10_000;
const WORKFLOWS = 50;
const ROUNDS = 20;
const FAMILIES = 5;
const retry = createRetry();
const use = useCluster({
  replicas: { gateway: 2, dispatch: 3, tasks: 1, timers: 3, promises: 2 },
  silenceMs: SILENCE_MS,
});

/** Claims the next workflow of a queue and reports, with all that a restart may take. */
async function hand(queue: string, submission: Submission): Promise<void> {
  const client = use.client();
  const { id, claimEpoch } = await claimWorkflow(client, { queue, leaseMs: LEASE_MS });
  await retry(() => client.submitCommands({ workflowExecutionId: id, claimEpoch, ...submission }));
}

/** All are claimed before the first is reported: its timers could make it claimable again, in place of another. */
async function activateAll(ids: readonly string[], queue: string, submission: () => Submission): Promise<void> {
  const client = use.client();
  await Promise.all(ids.map(() => claimWorkflow(client, { queue })));
  await Promise.all(ids.map((workflowExecutionId) => client.submitCommands({ workflowExecutionId, ...submission() })));
}

describe("three schedulers", () => {
  test("pitfall 19: of timers due in one instant each fires once", async () => {
    const queue = "one-instant";
    const client = use.client();
    const ids: string[] = [];
    for (let n = 0; n < 10; n++) {
      ids.push((await client.startWorkflow({ workflowKind: "sleeps", queue })).workflowExecutionId);
    }
    const timers = Array.from({ length: 50 }, (_, n) => startTimer(`timer-${n}`, 200));
    const timeouts = Array.from({ length: 10 }, (_, n) => createPromise(`slow-${n}`, { timeoutMs: 200 }));
    await activateAll(ids, queue, () => suspended(...timers, ...timeouts));
    for (const id of ids) {
      await waitForEvents(client, id, { type: "TIMER_FIRED", wanted: timers.length });
      const events = await waitForEvents(client, id, { type: "PROMISE_TIMEOUT", wanted: timeouts.length });
      expect(events).toHaveLength(1 + 2 * timers.length + 2 * timeouts.length);
    }
    await Promise.all(ids.map(() => activateOnce(client, queue, completed("1"))));
  });

  test("pitfall 19: one timer, and one child, of each of many workflows", async () => {
    const queue = "one-each";
    const client = use.client();
    const ids = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "one", queue });
        return workflowExecutionId;
      }),
    );
    const child = () => scheduleChild({ id: crypto.randomUUID(), name: "c", kind: "child", queue: `${queue}-child` });
    await activateAll(ids, queue, () => suspended(startTimer("t", 100), child()));
    await Promise.all(ids.map((_, n) => activateOnce(use.client(n % 2), `${queue}-child`, completed("1"))));
    for (const id of ids) {
      await waitForEvents(client, id, { type: "TIMER_FIRED" });
      expect(await waitForEvents(client, id, { type: "CHILD_WORKFLOW_COMPLETED" })).toHaveLength(5);
    }
    await Promise.all(ids.map(() => activateOnce(client, queue, completed("1"))));
  });
});

test("kill -9 of replicas of timers, promises and dispatch: every wait of 50 workflows ends once", {
  timeout: 300_000,
}, async () => {
  const { cluster } = use;
  const queue = "killed";
  const rest = use.rest();
  const client = use.client(0);
  const workers = [0, 1].map((gateway) => everyWaitWorker(use.client(gateway), queue, retry));
  const started = await Promise.all(
    Array.from({ length: WORKFLOWS }, (_, n) => {
      const input = Buffer.from(JSON.stringify({ short: 100 + 20 * n, long: 1500 + 20 * n }));
      const request = { workflowKind: "every-wait", queue, input, idempotencyKey: `killed-${n}` };
      return retry(() => client.startWorkflow(request));
    }),
  );
  const ids = started.map((one) => one.workflowExecutionId);
  // Everything is armed in one activation, so hundreds of waits are open when the first replica dies.
  await Promise.all(ids.map((id) => waitForEvents(client, id, { type: "TIMER_STARTED" })));
  const killed: Replica[] = [];
  const kill = async (...replicas: Replica[]) => {
    killed.push(...replicas);
    await Promise.all(replicas.map((replica) => replica.kill()));
  };
  await kill(cluster.replica("timers", 0), cluster.replica("dispatch", 0));
  const ending = Promise.all(ids.map((id, n) => endWaits(use.client(n % 2), retry, id)));
  await kill(cluster.replica("promises", 0), cluster.replica("timers", 1));
  await waitForCompleted(rest, queue, 10);
  await kill(cluster.replica("dispatch", 1));
  await Promise.all(killed.map((replica) => replica.start()));
  // Those that lived so far die while the rest is under way.
  await Promise.all([cluster.replica("timers", 2), cluster.replica("promises", 1)].map((replica) => replica.kill()));
  await ending;
  await waitForCompleted(rest, queue, 3 * WORKFLOWS, 120_000);
  for (const worker of workers) await worker.stop();
  await Promise.all([cluster.replica("timers", 2), cluster.replica("promises", 1)].map((replica) => replica.start()));
  expect(new Set(ids).size).toBe(WORKFLOWS);
  for (const id of ids) assertEveryWait(await client.getEvents(id));
});

test("timers and timeouts that were overdue when no replica ran fire, in the order of their due times", {
  timeout: 300_000,
}, async () => {
  const { cluster } = use;
  const queue = "overdue";
  const client = use.client();
  const away = [...cluster.replicas("timers"), ...cluster.replicas("promises")];
  await Promise.all(away.map((replica) => replica.kill()));
  const durations = [90, 30, 60, 0, 45];
  const commands = durations.flatMap((ms) => [
    startTimer(`timer-${ms}`, ms),
    createPromise(`promise-${ms}`, { timeoutMs: ms }),
  ]);
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) {
    ids.push((await client.startWorkflow({ workflowKind: "overdue", queue })).workflowExecutionId);
    await activateOnce(client, queue, suspended(...commands));
  }
  const armedAt = Date.now();
  await waitFor("all to be overdue", () => Date.now() > armedAt + Math.max(...durations));
  for (const id of ids) expect(await client.getEvents(id)).toHaveLength(1 + commands.length);
  await Promise.all(away.map((replica) => replica.start()));
  const byDue = durations.toSorted((a, b) => a - b);
  for (const id of ids) {
    await waitForEvents(client, id, { type: "TIMER_FIRED", wanted: durations.length });
    const events = await waitForEvents(client, id, { type: "PROMISE_TIMEOUT", wanted: durations.length });
    const names = (type: string, member: string) =>
      events.filter(({ eventType }) => eventType === type).map((event) => dataOf(event)[member]);
    expect(names("TIMER_FIRED", "timerId")).toEqual(byDue.map((ms) => `timer-${ms}`));
    expect(names("PROMISE_TIMEOUT", "promiseName")).toEqual(byDue.map((ms) => `promise-${ms}`));
  }
  for (const _ of ids) await activateOnce(client, queue, completed("1"));
});

test("dispatch that dies between the end of a child and the notice to its parent: every parent hears once", {
  timeout: 600_000,
}, async () => {
  const { cluster } = use;
  const [queue, below] = ["parents", "parents-children"];
  const replicas = cluster.replicas("dispatch");
  const returning = new Map<Replica, Promise<void>>();
  /** Histories that could not be read: existing SDKs would go on as if nothing had happened yet. */
  const unread: unknown[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const doomed = replicas[round % replicas.length];
    if (doomed === undefined) throw new Error("the cluster has no dispatch");
    // Before anything is claimed: a start may take longer than a lease.
    await returning.get(doomed);
    const client = use.client(round % 2);
    const parents = await Promise.all(
      Array.from({ length: FAMILIES }, () => retry(() => client.startWorkflow({ workflowKind: "parent", queue }))),
    );
    const child = () => scheduleChild({ id: crypto.randomUUID(), name: "c", kind: "child", queue: below });
    await Promise.all(parents.map(() => hand(queue, suspended(child()))));
    const children = await Promise.all(parents.map(() => claimWorkflow(client, { queue: below, leaseMs: LEASE_MS })));
    const ends = children.map(({ id: workflowExecutionId, claimEpoch }, n) => {
      // Half of them fail, which is told in the same way.
      const end = n % 2 === 0 ? completed("1") : failed("no luck");
      return retry(() => client.submitCommands({ workflowExecutionId, claimEpoch, ...end }));
    });
    // The first answer says that an end is committed; what follows it is what the dying replica may not get to do.
    await Promise.any(ends);
    returning.set(
      doomed,
      doomed.kill().then(() => doomed.start()),
    );
    await Promise.all(ends);
    for (const { workflowExecutionId } of parents) {
      await waitFor(`the parent ${workflowExecutionId} to hear of its child`, async () => {
        const events = await client.getEvents(workflowExecutionId).catch((error: unknown) => {
          unread.push(error);
          throw error;
        });
        return count(events, "CHILD_WORKFLOW_COMPLETED") + count(events, "CHILD_WORKFLOW_FAILED") === 1;
      });
    }
    await Promise.all(parents.map(() => hand(queue, completed("1"))));
  }
  await Promise.all(returning.values());
  expect(unread).toEqual([]);
});
