/**
 * What becomes of a workflow whose history is full. Method: the smallest limits that may be configured. Where a test needs a
 * long history it sets the size that the row of the workflow holds: nothing else is looked at.
 */
import type { DomainError } from "@flovyn/domain";
import { newId } from "@flovyn/domain";
import { type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { waitFor } from "@flovyn/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Calls, type Execution } from "./calls.js";
import { Cluster } from "./cluster.js";
import { command } from "./commands.js";

const eventsMax = 100;
const bytesMax = 1024 * 1024;
/** Beyond the limit and the reserve. */
const tooLong = 1024 ** 3;

let cluster: Cluster;
let calls: Calls;
beforeAll(async () => {
  cluster = await Cluster.start({ LIMITS__HISTORY_EVENTS: String(eventsMax), LIMITS__HISTORY_BYTES: String(bytesMax) });
  calls = new Calls(cluster);
});
afterAll(() => cluster.stop());

const setSize = (id: string, bytes: number | null) =>
  cluster.rows("update workflow_execution set history_bytes = $2 where id = $1", [id, bytes]);
const sizeOf = async (id: string) => {
  const [row] = await cluster.rows<{ kept: string | null; counted: string }>(
    `select history_bytes as kept, (select sum(octet_length(event_data)) from workflow_event
       where workflow_execution_id = $1) as counted from workflow_execution where id = $1`,
    [id],
  );
  return row;
};
const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: DomainError) => `${error.code} ${error.reason}`,
  );
const records = (count: number): WorkflowCommand[] =>
  Array.from({ length: count }, (_, index) => command.record(`n${index}`, "1"));

describe("a full history", () => {
  it("refuses signals, with and without start, and lets the workflow end", async () => {
    const workflowId = newId();
    const queue = `q-${newId()}`;
    const { workflowExecutionId: id } = await calls.signalWithStart({ workflowId, queue });
    await calls.activate({ id, queue }, records(eventsMax - 3));
    await calls.signal({ id }, "last");
    expect(await refusalOf(calls.signal({ id }, "one too many"))).toBe("WrongState HISTORY_LIMIT");
    expect(await refusalOf(calls.signalWithStart({ workflowId, queue }))).toBe("WrongState HISTORY_LIMIT");
    expect(await calls.events(id)).toHaveLength(eventsMax);
    await calls.complete({ id, queue });
    expect(await calls.status(id)).toBe("COMPLETED");
  });

  it("refuses a signal by the bytes of its value, and takes a smaller one afterwards", async () => {
    const order = await calls.waiting();
    const value = JSON.stringify("x".repeat(bytesMax));
    expect(await refusalOf(calls.signal(order, "large", value))).toBe("WrongState HISTORY_LIMIT");
    expect(await calls.signal(order, "small")).toMatchObject({ signalEventSequence: 2 });
  });

  it("fails a workflow that asks for more than fits, with a reason and without any of what it asked for", async () => {
    const order = await calls.start();
    const task = newId();
    await calls.activate(order, [...records(eventsMax - 1), command.scheduleTask(task)]);
    expect(await calls.status(order.id)).toBe("FAILED");
    const events = await calls.events(order.id);
    expect(events.map(({ type }) => type)).toEqual(["WORKFLOW_STARTED", "WORKFLOW_EXECUTION_FAILED"]);
    expect(events[1]?.data).toMatchObject({
      error: expect.stringContaining("it would have 101 events, at most 100 are allowed"),
      failureType: "HISTORY_LIMIT",
    });
    expect(await cluster.rows("select id from task_execution where id = $1", [task])).toEqual([]);
  });

  it("lets a workflow end in the activation whose commands are too many", async () => {
    const order = await calls.start();
    await calls.complete(order, "1", records(eventsMax));
    expect(await calls.types(order.id)).toHaveLength(eventsMax + 2);
  });
});

/** What a workflow waits for, how it ends, and the event that says so. */
interface Wait {
  event: string;
  ask: (ids: { task: string; child: string }) => WorkflowCommand;
  end: (of: Execution, ids: { task: string; child: Execution }) => Promise<unknown>;
}
const waits: Record<string, Wait> = {
  "a task": {
    event: "TASK_COMPLETED",
    ask: ({ task }) => command.scheduleTask(task),
    end: async ({ queue }) => calls.completeTask(await calls.claimTask(queue)),
  },
  "a task that fails": {
    event: "TASK_FAILED",
    ask: ({ task }) => command.scheduleTask(task),
    end: async ({ queue }) => calls.failTask(await calls.claimTask(queue)),
  },
  "a timer": {
    event: "TIMER_FIRED",
    ask: () => command.startTimer("t", 1000),
    end: async () => cluster.passTime(1000),
  },
  "a promise": {
    event: "PROMISE_RESOLVED",
    ask: () => command.createPromise("p"),
    end: ({ id }) => calls.resolve(`${id}:p`),
  },
  "the timeout of a promise": {
    event: "PROMISE_TIMEOUT",
    ask: () => command.createPromise("p", { timeoutMs: 1000 }),
    end: async () => cluster.passTime(1000),
  },
  "a child": {
    event: "CHILD_WORKFLOW_COMPLETED",
    ask: ({ child }) => command.scheduleChild(child, "child", { queue: `q-${child}` }),
    end: (_of, { child }) => calls.complete(child),
  },
};

describe.each(Object.entries(waits))("the end of %s that a workflow waits for", (_what, { event, ask, end }) => {
  async function waiting() {
    const [task, child] = [newId(), newId()];
    const order = await calls.waiting([ask({ task, child })]);
    return { order, ids: { task, child: { id: child, queue: `q-${child}` } } };
  }

  it("comes into a full history, which has a reserve for it", async () => {
    const { order, ids } = await waiting();
    await setSize(order.id, bytesMax);
    await end(order, ids);
    await waitFor(event, async () => (await calls.types(order.id)).includes(event));
    expect(await calls.status(order.id)).toBe("PENDING");
  });

  it("fails the workflow when the reserve is used up, and is not tried again", async () => {
    const { order, ids } = await waiting();
    await setSize(order.id, tooLong);
    await end(order, ids);
    await waitFor("the failure", async () => (await calls.status(order.id)) === "FAILED");
    const [failed] = await cluster.rows(
      `select event_type from workflow_event where workflow_execution_id = $1 order by sequence_number desc limit 1`,
      [order.id],
    );
    expect(failed).toEqual({ event_type: "WORKFLOW_EXECUTION_FAILED" });
    const open = await cluster.rows(
      `select id from task_execution where workflow_execution_id = $1 and status in ('PENDING', 'RUNNING')
       union all select id from timer where workflow_execution_id = $1 and status = 'ARMED'
       union all select id from promise where workflow_execution_id = $1 and status = 'OPEN'
       union all select id from workflow_execution where parent_workflow_execution_id = $1 and owes_parent`,
      [order.id],
    );
    expect(open).toEqual([]);
    await setSize(order.id, Number((await sizeOf(order.id))?.counted));
  });
});

describe("the size of a history", () => {
  it("is summed for executions from before it was kept, when something is appended", async () => {
    const order = await calls.waiting(records(3));
    await setSize(order.id, null);
    expect(await calls.events(order.id)).toHaveLength(4);
    expect((await sizeOf(order.id))?.kept).toBeNull();
    await calls.signal(order, "go");
    const size = await sizeOf(order.id);
    expect(size?.kept).toBe(size?.counted);
  });

  it("that is not known yet counts against the limit, too", async () => {
    const order = await calls.waiting([command.record("large", JSON.stringify("x".repeat(bytesMax - 1000)))]);
    await setSize(order.id, null);
    const value = JSON.stringify("x".repeat(1000));
    expect(await refusalOf(calls.signal(order, "go", value))).toBe("WrongState HISTORY_LIMIT");
  });

  it("is that of its event data after events of every origin", async () => {
    const order = await calls.waiting([command.createPromise("p"), command.setState("k", "[1.0]")]);
    await calls.signal(order, "go", '{"a":1}', { signalId: "s" });
    await calls.activate(order, [command.resolvePromise("p", "2")]);
    await calls.cancel(order, { reason: "enough" });
    const size = await sizeOf(order.id);
    expect(size?.kept).toBe(size?.counted);
  });
});

it("a worker that still holds a workflow whose history became full is answered as any late one", async () => {
  const [task, queue] = [newId(), `q-${newId()}`];
  const order = await calls.waiting([command.scheduleTask(task, { queue })]);
  await calls.signal(order, "go");
  const claimed = await calls.claim(order);
  await setSize(order.id, tooLong);
  await calls.completeTask(await calls.claimTask(queue));
  expect(await calls.status(order.id)).toBe("FAILED");
  await calls.submit(claimed, [command.complete("1")], { status: WorkflowStatus.COMPLETED });
  expect(await calls.status(order.id)).toBe("FAILED");
});
