/**
 * Pitfall 7: whatever makes a waiting workflow claimable hints its queue and tells live streams that it resumed, once. The
 * clock stands still, so no sweep repeats a hint.
 */
import { lifecycleSubject, workSubject } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { type LifecycleEvent, LifecycleHint } from "@flovyn/proto/internal";
import type { WorkflowCommand } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Execution } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";
import { expectConsistent } from "./whole-database.js";

let cluster: Cluster;
let calls: Calls;
const moves: LifecycleEvent[] = [];
beforeAll(async () => {
  cluster = await Cluster.start();
  calls = new Calls(cluster);
  await cluster.bus.subscribe(lifecycleSubject(cluster.orgId), (payload) => {
    moves.push(...LifecycleHint.decode(payload).events);
  });
});
afterAll(async () => {
  await expectConsistent(cluster);
  await cluster.stop();
});

const movesOf = async ({ id }: { id: string }): Promise<string[]> => {
  await cluster.bus.flush();
  return moves.filter(({ workflowExecutionId }) => workflowExecutionId === id).map(({ event }) => event);
};

interface Cause {
  /** What the workflow waits for. */
  waitsFor: (child: Execution) => WorkflowCommand[];
  happens: (order: Execution, child: Execution) => Promise<unknown>;
}

const task = [command.scheduleTask(newId(), { queue: "announced" })];
const promise = [command.createPromise("approval", { timeoutMs: 400 })];
const child = ({ id, queue }: Execution) => [command.scheduleChild(id, "child", { queue })];
const causes: Record<string, Cause> = {
  "the end of a task": {
    waitsFor: () => [command.scheduleTask(newId(), { queue: "done" })],
    happens: async () => calls.completeTask(await calls.claimTask("done")),
  },
  "the failure of a task": {
    waitsFor: () => task,
    happens: async () => calls.failTask(await calls.claimTask("announced")),
  },
  "a timer": { waitsFor: () => [command.startTimer("sleep", 500)], happens: async () => cluster.passTime(500) },
  "a resolved promise": { waitsFor: () => promise, happens: ({ id }) => calls.resolve(`${id}:approval`) },
  "a rejected promise": { waitsFor: () => promise, happens: ({ id }) => calls.reject(`${id}:approval`) },
  "the timeout of a promise": { waitsFor: () => promise, happens: async () => cluster.passTime(400) },
  "a signal": { waitsFor: () => [], happens: (order) => calls.signal(order, "go") },
  "a completed child": { waitsFor: child, happens: (_, one) => calls.complete(one) },
  "a failed child": { waitsFor: child, happens: (_, one) => calls.fail(one) },
  "a cancelled child": { waitsFor: child, happens: (_, one) => calls.cancel(one) },
};

describe("a waiting workflow", () => {
  it.each(Object.entries(causes))("is announced after %s", async (_, { waitsFor, happens }) => {
    const kid = { id: newId(), queue: `q-${newId()}` };
    const order = await calls.waiting(waitsFor(kid));
    let hints = 0;
    await cluster.bus.flush();
    await cluster.bus.subscribe(workSubject("workflow", cluster.orgId, order.queue), () => {
      hints += 1;
    });
    expect(await movesOf(order)).toEqual(["WORKFLOW_CREATED", "WORKFLOW_STARTED", "WORKFLOW_SUSPENDED"]);
    await happens(order, kid);
    await waitFor("the hint", () => hints > 0);
    expect(await movesOf(order)).toEqual([
      ...["WORKFLOW_CREATED", "WORKFLOW_STARTED", "WORKFLOW_SUSPENDED", "WORKFLOW_RESUMED"],
    ]);
    expect(await calls.status(order.id)).toBe("PENDING");
  });

  it("that is signalled under its key is announced, and so is one that the signal creates", async () => {
    const key = newId();
    const order = await calls.waiting([], { idempotencyKey: key });
    await calls.signalWithStart({ workflowId: key });
    expect((await movesOf(order)).at(-1)).toBe("WORKFLOW_RESUMED");
    const created = await calls.signalWithStart({ workflowId: newId() });
    expect(await movesOf({ id: created.workflowExecutionId })).toEqual(["WORKFLOW_CREATED"]);
  });
});

describe("a workflow that a worker holds", () => {
  it("is announced when it suspends with news: as suspended and as resumed", async () => {
    const claimed = await calls.running();
    await calls.signal(claimed, "go");
    let hints = 0;
    await cluster.bus.flush();
    await cluster.bus.subscribe(workSubject("workflow", cluster.orgId, claimed.queue), () => {
      hints += 1;
    });
    await calls.submit(claimed);
    await waitFor("the hint", () => hints > 0);
    expect((await movesOf(claimed)).slice(-2)).toEqual(["WORKFLOW_SUSPENDED", "WORKFLOW_RESUMED"]);
  });

  it("is announced with the words of its worker, its end and its parent", async () => {
    const kid = { id: newId(), queue: `q-${newId()}` };
    const order = await calls.start();
    await calls.activate(order, [...child(kid), command.suspend("SUSPEND_TYPE_CHILD")]);
    await calls.fail(kid, "no stock");
    await waitFor("the failure", async () => (await movesOf(kid)).includes("WORKFLOW_FAILED"));
    const move = ({ id }: { id: string }, name: string) =>
      moves.find(({ event, workflowExecutionId }) => event === name && workflowExecutionId === id);
    expect(move(order, "WORKFLOW_SUSPENDED")).toMatchObject({
      ...{ kind: "order", status: "WAITING", suspendType: "SUSPEND_TYPE_CHILD" },
    });
    expect(move(kid, "WORKFLOW_FAILED")).toMatchObject({
      ...{ kind: "child", status: "FAILED", error: "no stock", parentWorkflowExecutionId: order.id },
    });
  });
});
