/** Goal: the server alone decides on retries, one outcome reaches the history, and ids that clients choose cannot collide. */

import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  completed,
  count,
  dataOf,
  type FlovynClient,
  recordOperation,
  scheduleTask,
  suspended,
  typesOf,
} from "../src/index.js";
import { useCluster } from "./use-cluster.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

const use = useCluster({ replicas: { gateway: 1, dispatch: 1, tasks: 1 } });

/** A workflow that waits for one task. */
async function oneTask(client: FlovynClient, queue: string, maxRetries?: number) {
  const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "one", queue });
  await claimWorkflow(client, { queue });
  const taskExecutionId = crypto.randomUUID();
  const task = scheduleTask({
    id: taskExecutionId,
    kind: "flaky",
    ...(maxRetries === undefined ? {} : { maxRetries }),
  });
  await client.submitCommands({ workflowExecutionId, ...suspended(task) });
  return { workflowExecutionId, taskExecutionId };
}

describe("attempts", () => {
  test.each([
    [2, 3],
    [0, 1],
    [undefined, 4],
  ])("max_retries %s gives %s attempts, then one TASK_FAILED", async (maxRetries, attempts) => {
    const queue = `retries-${maxRetries}`;
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue, maxRetries);
    for (let attempt = 1; attempt <= attempts; attempt++) {
      expect(count(await client.getEvents(workflowExecutionId), "TASK_FAILED")).toBe(0);
      const task = await claimTask(client, { queue });
      expect(task).toMatchObject({ taskExecutionId, executionCount: attempt });
      await client.failTask({ taskExecutionId, error: `failure ${attempt}` });
    }
    expect(await client.pollTask({ workerId: "w", queue })).toBeUndefined();
    await claimWorkflow(client, { queue });
    const events = await client.getEvents(workflowExecutionId);
    expect(typesOf(events)).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_FAILED"]);
    const last = events.at(-1);
    expect(last && dataOf(last)).toMatchObject({ taskExecutionId, error: `failure ${attempts}` });
    const view = (await use.rest().get(`/task-executions/${taskExecutionId}`)).json;
    expect(view).toMatchObject({ status: "FAILED", executionCount: attempts, error: `failure ${attempts}` });
  });

  test("a task that succeeds at its second attempt leaves no trace of the first", async () => {
    const queue = "second";
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue);
    await claimTask(client, { queue });
    await client.failTask({ taskExecutionId, error: "not yet" });
    expect((await claimTask(client, { queue })).executionCount).toBe(2);
    await client.completeTask({ taskExecutionId, output: Buffer.from("true") });
    const types = typesOf(await client.getEvents(workflowExecutionId));
    expect(types).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED"]);
  });

  test("an attempt that says it is not retryable is the last", async () => {
    const queue = "final";
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue);
    await claimTask(client, { queue });
    await client.failTask({ taskExecutionId, error: "never", retryable: false });
    expect(count(await client.getEvents(workflowExecutionId), "TASK_FAILED")).toBe(1);
  });
});

describe("pitfalls of tasks", () => {
  test("pitfall 24: back-off that doubles 100 times stays at its maximum, and every attempt is handed out", {
    timeout: 300_000,
  }, async () => {
    const queue = "doubling";
    const client = use.client();
    const retryPolicy = JSON.stringify({ strategy: "exponential", baseMs: 1, multiplier: 2, maxMs: 5, jitter: 0 });
    const { taskExecutionId } = await client.submitTask({ kind: "flaky", queue, maxRetries: 100, retryPolicy });
    const options = { metadata: { "flovyn-poll-hold-ms": "5000" } };
    for (let attempt = 1; attempt <= 101; attempt++) {
      const task = await waitFor("the next attempt", () => client.pollTask({ workerId: "w", queue }, options));
      expect(task.executionCount).toBe(attempt);
      await client.failTask({ taskExecutionId, error: `failure ${attempt}` });
    }
    const view = (await use.rest().get(`/task-executions/${taskExecutionId}`)).json;
    expect(view).toMatchObject({ status: "FAILED", executionCount: 101, error: "failure 101" });
  });

  test("pitfall 25: a blank kind is refused at every door, and makes no task", async () => {
    const queue = "blank";
    const client = use.client();
    const refused = { code: status.INVALID_ARGUMENT, details: expect.stringContaining("kind: ") };
    for (const kind of ["", " ", "\t"]) {
      await expect(client.submitTask({ kind, queue })).rejects.toMatchObject(refused);
      const posted = await use.rest().post("/task-executions", { kind, queue });
      expect(posted).toMatchObject({ status: 400, json: { field: "kind" } });
      const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "one", queue });
      await claimWorkflow(client, { queue });
      const command = scheduleTask({ id: crypto.randomUUID(), kind });
      await expect(client.submitCommands({ workflowExecutionId, ...suspended(command) })).rejects.toMatchObject(
        refused,
      );
      await client.submitCommands({ workflowExecutionId, ...completed("1") });
    }
    expect(await client.pollTask({ workerId: "w", queue })).toBeUndefined();
  });

  test("pitfall 26: SCHEDULE_TASK makes one task, SubmitTask another that stands in no history", async () => {
    const queue = "one-path";
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue);
    const submitted = await client.submitTask({ kind: "flaky", queue, workflowExecutionId });
    expect(submitted.taskExecutionId).not.toBe(taskExecutionId);
    const claimed = [await claimTask(client, { queue }), await claimTask(client, { queue })];
    // Two services gave them their times, each by its own clock.
    expect(claimed.map((task) => task.taskExecutionId).sort()).toEqual(
      [taskExecutionId, submitted.taskExecutionId].sort(),
    );
    expect(await client.pollTask({ workerId: "w", queue })).toBeUndefined();
    for (const task of claimed.reverse()) {
      await client.completeTask({ taskExecutionId: task.taskExecutionId, output: Buffer.from("1") });
    }
    const types = typesOf(await client.getEvents(workflowExecutionId));
    expect(types).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED"]);
  });

  test("pitfall 27: a worker that is busy with slow work gets more, as much as it polls for", async () => {
    const queue = "slow-work";
    const client = use.client();
    const slow = await client.submitTask({ kind: "slow", queue });
    expect((await claimTask(client, { queue })).taskExecutionId).toBe(slow.taskExecutionId);
    const tasks = await Promise.all(Array.from({ length: 20 }, () => client.submitTask({ kind: "quick", queue })));
    const workflows = await Promise.all(
      Array.from({ length: 10 }, () => client.startWorkflow({ workflowKind: "quick", queue })),
    );
    const [claimed, activated] = await Promise.all([
      Promise.all(tasks.map(() => claimTask(client, { queue }))),
      Promise.all(workflows.map(() => claimWorkflow(client, { queue }))),
    ]);
    expect(new Set(claimed.map((task) => task.taskExecutionId)).size).toBe(20);
    expect(new Set(activated.map((execution) => execution.id)).size).toBe(10);
    for (const { taskExecutionId } of claimed) await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
    for (const { id } of activated) await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
    await client.completeTask({ taskExecutionId: slow.taskExecutionId, output: Buffer.from("1") });
  });
});

describe("late reports", () => {
  test("are accepted without effect when the task has ended", async () => {
    const queue = "late";
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue);
    await claimTask(client, { queue });
    await client.completeTask({ taskExecutionId, output: Buffer.from('"first"') });
    const path = `/task-executions/${taskExecutionId}`;
    const before = { events: await client.getEvents(workflowExecutionId), view: (await use.rest().get(path)).text };
    await client.completeTask({ taskExecutionId, output: Buffer.from('"second"') });
    await client.failTask({ taskExecutionId, error: "third" });
    const after = { events: await client.getEvents(workflowExecutionId), view: (await use.rest().get(path)).text };
    expect(after).toEqual(before);
  });

  test("are accepted without touching the history when the workflow has ended", async () => {
    const queue = "ended";
    const client = use.client();
    const { workflowExecutionId } = await client.startWorkflow({ workflowKind: "hasty", queue });
    await claimWorkflow(client, { queue });
    const taskExecutionId = crypto.randomUUID();
    const task = scheduleTask({ id: taskExecutionId, kind: "left-behind" });
    await client.submitCommands({ workflowExecutionId, ...completed("1", task) });
    await claimTask(client, { queue });
    await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
    const types = typesOf(await client.getEvents(workflowExecutionId));
    expect(types).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "WORKFLOW_COMPLETED"]);
    expect((await use.rest().get(`/task-executions/${taskExecutionId}`)).json.status).toBe("COMPLETED");
  });
});

describe("task ids that exist already", () => {
  test.each([
    ["another workflow", "other-workflow", "flaky"],
    ["another kind", "same-workflow", "different"],
  ])("of %s refuse the whole submission and change nothing", async (_name, where, kind) => {
    const queue = `taken-${where}`;
    const client = use.client();
    const { workflowExecutionId: owner, taskExecutionId } = await oneTask(client, queue);
    let target = owner;
    if (where === "other-workflow") {
      target = (await client.startWorkflow({ workflowKind: "thief", queue })).workflowExecutionId;
    } else {
      await claimTask(client, { queue });
      await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
    }
    await claimWorkflow(client, { queue });
    const before = await client.getEvents(target);
    const innocent = crypto.randomUUID();
    const commands = [
      recordOperation("step", "1"),
      scheduleTask({ id: innocent, kind: "innocent" }),
      scheduleTask({ id: taskExecutionId, kind }),
    ];
    await expect(
      client.submitCommands({ workflowExecutionId: target, ...suspended(...commands) }),
    ).rejects.toMatchObject({ code: status.FAILED_PRECONDITION, details: expect.stringContaining(taskExecutionId) });
    expect(await client.getEvents(target)).toEqual(before);
    const rest = use.rest();
    expect((await rest.get(`/workflow-executions/${target}`)).json.status).toBe("RUNNING");
    expect((await rest.get(`/task-executions/${innocent}`)).status).toBe(404);
    expect((await rest.get(`/task-executions/${taskExecutionId}`)).json).toMatchObject({
      kind: "flaky",
      workflowExecutionId: owner,
    });
  });

  test("scheduled again by the same workflow make no second task and no second event", async () => {
    const queue = "again";
    const client = use.client();
    const { workflowExecutionId, taskExecutionId } = await oneTask(client, queue);
    await claimTask(client, { queue });
    await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
    await claimWorkflow(client, { queue });
    const known = scheduleTask({ id: taskExecutionId, kind: "flaky" });
    const fresh = scheduleTask({ id: crypto.randomUUID(), kind: "fresh" });
    await client.submitCommands({ workflowExecutionId, ...suspended(known, fresh, known, fresh) });
    const types = typesOf(await client.getEvents(workflowExecutionId));
    expect(types).toEqual(["WORKFLOW_STARTED", "TASK_SCHEDULED", "TASK_COMPLETED", "TASK_SCHEDULED"]);
    expect((await claimTask(client, { queue })).kind).toBe("fresh");
    expect(await client.pollTask({ workerId: "w", queue })).toBeUndefined();
  });
});
