import type { WorkflowCommand } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { describe, expect, test } from "vitest";
import {
  completed,
  count,
  createPromise,
  dataOf,
  type FlovynClient,
  failed,
  scheduleChild,
  scheduleTask,
  startTimer,
  suspended,
} from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { promiseIdOf, waitForEvents } from "../wait-for-events.js";
import { activateOnce, claimTask, claimWorkflow } from "../wait-for-work.js";

const EACH = 10;

/** What ends a wait of a workflow. */
interface News {
  /** What the workflow does before it suspends. */
  begin: WorkflowCommand[];
  /** What happens outside; the workflow has suspended. */
  happen(context: { client: FlovynClient; queue: string; id: string }): Promise<unknown>;
  type: string;
}

const news: Record<string, () => News> = {
  "a task that completes": () => ({
    begin: [scheduleTask({ id: crypto.randomUUID(), kind: "t" })],
    happen: async ({ client, queue }) => {
      const { taskExecutionId } = await claimTask(client, { queue });
      await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
    },
    type: "TASK_COMPLETED",
  }),
  "a task that fails": () => ({
    begin: [scheduleTask({ id: crypto.randomUUID(), kind: "t", maxRetries: 0 })],
    happen: async ({ client, queue }) => {
      const { taskExecutionId } = await claimTask(client, { queue });
      await client.failTask({ taskExecutionId, error: "no luck" });
    },
    type: "TASK_FAILED",
  }),
  "a task that is cancelled": () => {
    const id = crypto.randomUUID();
    return {
      begin: [scheduleTask({ id, kind: "t" })],
      happen: ({ client }) => client.cancelTask(id),
      type: "TASK_FAILED",
    };
  },
  "a timer that fires": () => ({
    begin: [startTimer("t", 50)],
    happen: ({ client, id }) => waitForEvents(client, id, { type: "TIMER_FIRED" }),
    type: "TIMER_FIRED",
  }),
  "a promise that is resolved": () => ({
    begin: [createPromise("p")],
    happen: ({ client, id }) => client.resolvePromise({ promiseId: `${id}:p`, value: Buffer.from("1") }),
    type: "PROMISE_RESOLVED",
  }),
  "a promise that is rejected": () => ({
    begin: [createPromise("p")],
    happen: ({ client, id }) => client.rejectPromise({ promiseId: `${id}:p`, error: "no" }),
    type: "PROMISE_REJECTED",
  }),
  "a promise that times out": () => ({
    begin: [createPromise("p", { timeoutMs: 50 })],
    happen: ({ client, id }) => waitForEvents(client, id, { type: "PROMISE_TIMEOUT" }),
    type: "PROMISE_TIMEOUT",
  }),
  "a child that completes": () => childNews(completed("1"), "CHILD_WORKFLOW_COMPLETED"),
  "a child that fails": () => childNews(failed("no luck"), "CHILD_WORKFLOW_FAILED"),
  "a signal": () => ({
    begin: [],
    happen: ({ client, id }) => client.signalWorkflow({ workflowExecutionId: id, signalName: "s" }),
    type: "SIGNAL_RECEIVED",
  }),
};

function childNews(submission: ReturnType<typeof completed>, type: string): News {
  return {
    begin: [scheduleChild({ id: crypto.randomUUID(), name: "c", kind: "child", queue: "children-of-news" })],
    happen: async ({ client, id }) => {
      await activateOnce(client, "children-of-news", submission);
      await waitForEvents(client, id, { type });
    },
    type,
  };
}

export function newsTests(use: ClusterInUse): void {
  describe.each(Object.entries(news))("%s", (name, of) => {
    const queueOf = (test: string) => `${test}-${name.replaceAll(" ", "-")}`;

    test("pitfall 7: announces work on the queue", async () => {
      const queue = queueOf("announced");
      const client = use.client(0);
      const { begin, happen, type } = of();
      const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "waits", queue });
      await claimWorkflow(client, { queue });
      const heard: unknown[] = [];
      const closing = new AbortController();
      const listening = (async () => {
        for await (const event of client.subscribe({ workerId: "w", queue }, { signal: closing.signal })) {
          heard.push(event);
        }
      })();
      // Any event on the stream tells that it stands; the workflow is held, so it is not meant by them.
      await waitFor("the stream to stand", async () => {
        await use.client(1).submitTask({ kind: "noise", queue });
        return heard.length > 0;
      });
      await waitFor("the noise to end", async () => {
        const noise = await client.pollTask({ workerId: "w", queue });
        if (noise !== undefined) await client.completeTask({ taskExecutionId: noise.taskExecutionId });
        return noise === undefined;
      });
      await client.submitCommands({ workflowExecutionId: id, ...suspended(...begin) });
      const before = heard.length;
      await happen({ client: use.client(1), queue, id });
      // Claimed before a sweep could repeat a hint that was never given.
      const claim = await claimWorkflow(use.client(1), { queue });
      await waitFor("an announcement", () => heard.length > before);
      expect(claim.id).toBe(id);
      expect(count(await client.getEvents(id), type)).toBe(1);
      closing.abort();
      await listening;
      await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
    });

    test("pitfall 4: is not lost between the claim and GetEvents, nor between GetEvents and the report", async () => {
      const client = use.client();
      for (const when of ["before", "after"]) {
        const queue = queueOf(when);
        const { begin, happen, type } = of();
        const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "waits", queue });
        await activateOnce(client, queue, suspended(...begin));
        // A signal has it claimed before the news. Where the news come by the clock they may be faster, and are then seen.
        await client.signalWorkflow({ workflowExecutionId: id, signalName: "look" });
        await claimWorkflow(client, { queue });
        const wanted = type === "SIGNAL_RECEIVED" ? 2 : 1;
        let seen = 0;
        if (when === "after") seen = count(await client.getEvents(id), type);
        await happen({ client: use.client(1), queue, id });
        if (when === "before") seen = count(await client.getEvents(id), type);
        await client.submitCommands({ workflowExecutionId: id, ...suspended() });
        if (seen < wanted) expect((await claimWorkflow(client, { queue })).id).toBe(id);
        expect(count(await client.getEvents(id), type)).toBe(wanted);
        await client.cancelWorkflow({ workflowExecutionId: id });
      }
    });
  });

  test("pitfall 2: everything at once leaves every event, in one order without a gap", async () => {
    const [queue, below] = ["at-once-all", "at-once-all-children"];
    const client = use.client();
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "waits", queue });
    const indexes = Array.from({ length: EACH }, (_, index) => index);
    const taskIds = indexes.map(() => crypto.randomUUID());
    await activateOnce(
      client,
      queue,
      suspended(
        ...taskIds.map((taskId) => scheduleTask({ id: taskId, kind: "t" })),
        ...indexes.map((n) => startTimer(`timer-${n}`, 300 + n)),
        ...indexes.map((n) => createPromise(`given-${n}`)),
        ...indexes.map((n) => createPromise(`slow-${n}`, { timeoutMs: 300 + n })),
        ...indexes.map((n) =>
          scheduleChild({ id: crypto.randomUUID(), name: `child-${n}`, kind: "child", queue: below }),
        ),
      ),
    );
    for (const _ of indexes) await claimTask(client, { queue });
    const children = await Promise.all(indexes.map(() => claimWorkflow(client, { queue: below })));
    const promiseId = await promiseIdOf(client, id, "given-0");
    expect(promiseId).not.toBe("");
    await Promise.all([
      ...taskIds.map((taskExecutionId, n) =>
        use.client(n % 2).completeTask({ taskExecutionId, output: Buffer.from("1") }),
      ),
      ...indexes.map((n) =>
        use.client(n % 2).resolvePromise({ promiseId: `${id}:given-${n}`, value: Buffer.from("1") }),
      ),
      ...indexes.map((n) => use.client(n % 2).signalWorkflow({ workflowExecutionId: id, signalName: `s-${n}` })),
      ...children.map((child, n) =>
        use.client(n % 2).submitCommands({ workflowExecutionId: child.id, ...completed(String(n)) }),
      ),
    ]);
    for (const type of ["TIMER_FIRED", "PROMISE_TIMEOUT", "CHILD_WORKFLOW_COMPLETED"]) {
      await waitForEvents(client, id, { type, wanted: EACH });
    }
    const events = await client.getEvents(id);
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(
      Array.from({ length: 1 + 11 * EACH }, (_, n) => n + 1),
    );
    for (const type of ["TASK_COMPLETED", "PROMISE_RESOLVED", "SIGNAL_RECEIVED"])
      expect(count(events, type)).toBe(EACH);
    const names = events.map((event) => dataOf(event).childExecutionName).filter((name) => name !== undefined);
    expect(new Set(names).size).toBe(EACH);
    await activateOnce(client, queue, completed("1"));
    expect(use.cluster.output()).not.toMatch(/"level":"error"|duplicate key/);
  });
}
