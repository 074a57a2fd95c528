/** Goal: waiting for work is cheap and short, work is announced at once, and goes to workers that know its kind. */
import { waitFor } from "@flovyn/testing";
import { describe, expect, test } from "vitest";
import { type FlovynClient, scrapeOf, sumOf } from "../src/index.js";
import { useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

/** Of one pass of a sweep that finds nothing. */
const STATEMENTS_OF_SWEEP_MAX = 3;
/** Looks that are on their way are over when nothing was claimed for so long. */
const QUIET_MS = 1_500;
/** What a service asks each 30 s to know the clock of the database; it may fall into a test. */
const STATEMENTS_OF_CLOCK = 5;
const services = ["dispatch", "tasks", "timers", "promises"] as const;
const use = useCluster({ replicas: { gateway: 2, dispatch: 1, tasks: 1, timers: 1, promises: 1 } });

/** The workflows that repeated polls of a worker get until the queue gives it nothing. */
async function drain(client: FlovynClient, poll: { workerId: string; queue: string; workflowCapabilities?: string[] }) {
  const kinds: string[] = [];
  for (;;) {
    const execution = await client.pollWorkflow(poll);
    if (execution === undefined) return kinds.sort();
    kinds.push(execution.kind);
  }
}

/** Claim batches that dispatch has run so far. */
function claims(): Promise<number> {
  return sumOf(use.cluster.replicas("dispatch"), "flovyn_batch_items_count", { batch: "workflow.claim" });
}

/** Passes of the sweep that announces again what nobody has fetched. */
function sweeps(): Promise<number> {
  return sumOf(use.cluster.replicas("dispatch"), "flovyn_sweeps_total", { sweep: "workflow.overdue-work" });
}

/** Polls that wait at the gateways. */
function parked(): Promise<number> {
  return sumOf(use.cluster.replicas("gateway"), "flovyn_gateway_parked_polls");
}

/** So many polls of a queue that opted in to wait, until `leave`; `got` gathers what they are answered. */
function heldPolls(queue: string, polls: number) {
  const leaving = Array.from({ length: polls }, () => new AbortController());
  const clients = [use.client(0), use.client(1)];
  const got: string[] = [];
  const ends = leaving.map(async ({ signal }, index) => {
    const poll = { workerId: `held-${index}`, queue, timeoutSeconds: 60 };
    const options = { metadata: { "flovyn-poll-hold-ms": "60000" }, deadlineMs: 90_000, signal };
    const execution = await clients[index % 2]?.pollWorkflow(poll, options);
    if (execution !== undefined) got.push(execution.id);
  });
  return {
    got,
    leave: async () => {
      for (const one of leaving) one.abort();
      await Promise.allSettled(ends);
    },
  };
}

describe("empty polls", () => {
  test("are answered long before the 30 s they may wait, and do not ask the database again and again", async () => {
    const client = use.client(0);
    const poll = { workerId: "idle", queue: "empty", timeoutSeconds: 30 };
    const empty = async () => {
      // A poll that is held for its whole time meets this deadline and fails.
      expect(await client.pollWorkflow(poll, { deadlineMs: 15_000 })).toBeUndefined();
      expect(await client.pollTask(poll, { deadlineMs: 15_000 })).toBeUndefined();
    };
    await empty();
    const before = await claims();
    for (let round = 0; round < 10; round++) await empty();
    // One claim is the look that a gateway takes on its own when a queue was not asked about for long.
    expect((await claims()) - before).toBeLessThanOrEqual(1);
  });

  test("pitfall 9: 200 parked polls and 100 empty ones cost an idle server next to no statement", async () => {
    const client = use.client();
    const polls = heldPolls("parked", 200);
    await waitFor("200 polls to wait", async () => (await parked()) === 200);
    const replicas = services.flatMap((service) => use.cluster.replicas(service));
    const figures = async () => ({
      statements: await sumOf(replicas, "flovyn_db_statements_total"),
      sweeps: await sumOf(replicas, "flovyn_sweeps_total"),
    });
    // The first poll of a queue looks for itself.
    await client.pollWorkflow({ workerId: "idle", queue: "parked-empty" });
    const before = await figures();
    for (let round = 0; round < 10; round++) {
      const empty = Array.from({ length: 10 }, () => client.pollWorkflow({ workerId: "idle", queue: "parked-empty" }));
      expect(await Promise.all(empty)).toEqual(Array.from({ length: 10 }, () => undefined));
    }
    const after = await figures();
    const ofSweeps = STATEMENTS_OF_SWEEP_MAX * (after.sweeps - before.sweeps);
    const ofClocks = STATEMENTS_OF_CLOCK * services.length;
    expect(after.statements - before.statements - ofSweeps - ofClocks).toBeLessThan(20);
    expect(await parked()).toBe(200);
    await polls.leave();
    await waitFor("no poll to wait any more", async () => (await parked()) === 0);
  });

  test("pitfall 10: one new item answers one of 200 pollers of its queue, with one claim, and disturbs no other", async () => {
    const polls = heldPolls("crowded", 100);
    const others = heldPolls("elsewhere", 100);
    await waitFor("200 polls to wait", async () => (await parked()) === 200);
    // A line that is new looks for itself, and its look may still be on its way.
    let [before, since] = [await claims(), Date.now()];
    await waitFor("the first looks to be over", async () => {
      const now = await claims();
      if (now !== before) [before, since] = [now, Date.now()];
      return Date.now() - since > QUIET_MS;
    });
    const sweepsBefore = await sweeps();
    const { workflowExecutionId } = await use.client().startWorkflow({ workflowKind: "k", queue: "crowded" });
    await waitFor("the workflow to be handed out", () => polls.got.length > 0);
    await waitFor("the other polls to wait on", async () => (await parked()) === 199);
    // Each gateway hears of it, and claims once for some of its pollers; again where a sweep found it not yet handed out.
    const times = 1 + (await sweeps()) - sweepsBefore;
    expect((await claims()) - before).toBeLessThanOrEqual(times * use.cluster.replicas("gateway").length);
    await polls.leave();
    await others.leave();
    await waitFor("no poll to wait any more", async () => (await parked()) === 0);
    expect([polls.got, others.got]).toEqual([[workflowExecutionId], []]);
  });

  test("wait no longer than timeout_seconds says", async () => {
    const poll = { workerId: "idle", queue: "empty", timeoutSeconds: 0 };
    const metadata = { "flovyn-poll-hold-ms": "20000" };
    expect(await use.client().pollWorkflow(poll, { metadata, deadlineMs: 10_000 })).toBeUndefined();
  });

  test("that opted in are answered as soon as there is work", async () => {
    const client = use.client(0);
    const options = { metadata: { "flovyn-poll-hold-ms": "20000" }, deadlineMs: 25_000 };
    const held = client.pollWorkflow({ workerId: "patient", queue: "held" }, options);
    const { workflowExecutionId } = await use.client(1).startWorkflow({ workflowKind: "k", queue: "held" });
    expect((await held)?.id).toBe(workflowExecutionId);
  });

  test("that were abandoned do not take work along", async () => {
    const queue = "abandoned";
    const client = use.client();
    const gone = new AbortController();
    const options = { metadata: { "flovyn-poll-hold-ms": "30000" }, signal: gone.signal };
    const polls = Array.from({ length: 5 }, () => client.pollWorkflow({ workerId: "gone", queue }, options));
    const ends = Promise.allSettled(polls);
    gone.abort();
    await ends;
    const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "k", queue });
    expect((await claimWorkflow(client, { queue })).id).toBe(workflowExecutionId);
  });
});

describe("notifications", () => {
  test("an idle subscriber hears of a start and of a task, of its own queue only", async () => {
    const queue = "noted";
    const client = use.client(0);
    const heard: { orgId: string; queue: string }[] = [];
    const closing = new AbortController();
    const options = { signal: closing.signal, deadlineMs: 60_000 };
    const listening = (async () => {
      for await (const event of client.subscribe({ workerId: "listener", queue }, options)) heard.push(event);
    })();
    await waitFor("the stream to be open", async () => {
      const figures = await scrapeOf(use.cluster.replica("gateway", 0));
      return /^flovyn_gateway_streams(\{.*\})? 1$/m.test(figures);
    });
    // The first starts may come before the subscription has reached the broker.
    await waitFor("the first event", async () => {
      await use.client(1).startWorkflow({ workflowKind: "k", queue });
      return heard.length > 0;
    });
    while ((await client.pollWorkflow({ workerId: "w", queue })) !== undefined);

    await use.client(1).startWorkflow({ workflowKind: "k", queue: "not-noted" });
    await use.client(0, { org: use.cluster.otherOrg }).startWorkflow({ workflowKind: "k", queue });
    for (let round = 0; round < 3; round++) {
      const before = heard.length;
      await use.client(1).submitTask({ kind: "k", queue });
      await waitFor("an event for the task", () => heard.length > before);
      await claimTask(client, { queue });
    }
    closing.abort();
    await listening;
    expect(heard.every((event) => event.queue === queue && event.orgId === use.cluster.org.id)).toBe(true);
  });
});

describe("kinds", () => {
  test("pitfall 8: two workers with disjoint capabilities never get each other's workflow", async () => {
    const queue = "capabilities";
    const client = use.client();
    for (const workflowKind of ["a", "b", "a", "b", "c"]) await client.startWorkflow({ workflowKind, queue });
    expect(await drain(client, { workerId: "wa", queue, workflowCapabilities: ["a"] })).toEqual(["a", "a"]);
    expect(await drain(client, { workerId: "wb", queue, workflowCapabilities: ["b"] })).toEqual(["b", "b"]);
    expect(await drain(client, { workerId: "any", queue })).toEqual(["c"]);
  });

  test("a worker gets the kinds it registered, by its id and by its name; an unregistered one any", async () => {
    const queue = "registered";
    const client = use.client(0);
    const register = (workerName: string, kind: string) =>
      client.registerWorker({ workerName, workflows: [{ kind }], tasks: [{ kind }] });
    const { workerId } = await register("worker-a", "a");
    await register("worker-b", "b");
    for (const kind of ["a", "b", "c"]) {
      await client.startWorkflow({ workflowKind: kind, queue });
      await client.submitTask({ kind, queue });
    }
    expect(await drain(client, { workerId, queue })).toEqual(["a"]);
    // Through the gateway that the worker did not register with.
    expect(await drain(use.client(1), { workerId: "worker-b", queue })).toEqual(["b"]);
    expect((await client.pollTask({ workerId: "worker-b", queue }))?.kind).toBe("b");
    expect(await client.pollTask({ workerId: "worker-b", queue })).toBeUndefined();
    expect(await drain(client, { workerId: "nobody", queue })).toEqual(["c"]);
  });

  test("a worker that registers again takes its new kinds", async () => {
    const queue = "again";
    const client = use.client();
    await client.registerWorker({ workerName: "grows", workflows: [{ kind: "a" }] });
    await client.startWorkflow({ workflowKind: "b", queue });
    expect(await client.pollWorkflow({ workerId: "grows", queue })).toBeUndefined();
    await client.registerWorker({ workerName: "grows", workflows: [{ kind: "a" }, { kind: "b" }] });
    expect((await client.pollWorkflow({ workerId: "grows", queue }))?.kind).toBe("b");
  });
});
