import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  activate,
  cancelTimer,
  clearState,
  completed,
  createPromise,
  type Family,
  type FlovynClient,
  type Flow,
  ffi,
  napi,
  recordOperation,
  scheduleChild,
  scheduleTask,
  setState,
  startTimer,
  suspended,
  typesOf,
} from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { onlyData, statusOf, waitForEvents } from "../wait-for-events.js";
import { activateOnce, claimTask, claimWorkflow } from "../wait-for-work.js";

export function repeatTests(use: ClusterInUse): void {
  const start = async (queue: string) =>
    (await use.client().startWorkflow({ workflowKind: "repeats", queue })).workflowExecutionId;

  test("pitfall 13: a worker that counts its commands from 1 again is renumbered", async () => {
    const queue = "from-one";
    const client = use.client();
    const id = await start(queue);
    for (let turn = 0; turn < 3; turn++) {
      const commands = [setState("turn", String(turn)), setState("turn", String(turn))];
      await activateOnce(
        client,
        queue,
        suspended(...commands.map((command, index) => ({ ...command, sequenceNumber: index + 1 }))),
      );
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "next" });
    }
    await activateOnce(client, queue, completed("1"));
    const events = await client.getEvents(id);
    expect(events.map(({ sequenceNumber }) => sequenceNumber)).toEqual(Array.from({ length: 11 }, (_, n) => n + 1));
    const turn = ["STATE_SET", "STATE_SET", "SIGNAL_RECEIVED"];
    expect(typesOf(events)).toEqual(["WORKFLOW_STARTED", ...turn, ...turn, ...turn, "WORKFLOW_COMPLETED"]);
  });

  test("pitfall 14: commands that were applied before make nothing new and no noise", async () => {
    const queue = "applied-before";
    const client = use.client();
    const id = await start(queue);
    const [taskId, childId] = [crypto.randomUUID(), crypto.randomUUID()];
    const commands = [
      scheduleTask({ id: taskId, kind: "t" }),
      startTimer("timer-0", 60_000),
      createPromise("p", { idempotencyKey: "applied-before" }),
      scheduleChild({ id: childId, name: "c", kind: "child", queue: "children-of-repeats" }),
    ];
    await activateOnce(client, queue, suspended(...commands));
    const once = await client.getEvents(id);
    for (let round = 0; round < 3; round++) {
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "replay" });
      await activateOnce(client, queue, suspended(...commands, ...commands));
    }
    const types = typesOf(await client.getEvents(id)).filter((type) => type !== "SIGNAL_RECEIVED");
    expect(types).toEqual(typesOf(once));
    expect((await claimTask(client, { queue })).taskExecutionId).toBe(taskId);
    expect(await client.pollTask({ workerId: "w", queue })).toBeUndefined();
    expect((await use.rest().get("/workflow-executions?queue=children-of-repeats")).json.total).toBe(1);
    expect(use.cluster.output()).not.toMatch(/"level":"(error|warn)"/);
    await client.cancelWorkflow({ workflowExecutionId: id });
  });

  describe("a submission that comes twice", () => {
    const news = () => [recordOperation("step", "1"), createPromise("p"), setState("k", "1"), startTimer("t", 60_000)];

    test("pitfall 14: with its claim it changes nothing the second time", async () => {
      const queue = "twice-with-claim";
      const client = use.client();
      const id = await start(queue);
      const { claimEpoch } = await claimWorkflow(client, { queue });
      const submission = { workflowExecutionId: id, claimEpoch, ...suspended(...news()) };
      await Promise.all([client.submitCommands(submission), use.client(1).submitCommands(submission)]);
      expect(typesOf(await client.getEvents(id))).toHaveLength(5);
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "next" });
      await claimWorkflow(client, { queue });
      const stale = { code: status.ABORTED, reason: "STALE_LEASE" };
      await expect(client.submitCommands(submission)).rejects.toMatchObject(stale);
      expect(typesOf(await client.getEvents(id))).toHaveLength(6);
      await client.cancelWorkflow({ workflowExecutionId: id });
    });

    test("pitfall 14: without one it is refused as long as nobody holds the workflow", async () => {
      const queue = "twice-without";
      const client = use.client();
      const id = await start(queue);
      await claimWorkflow(client, { queue });
      const submission = { workflowExecutionId: id, ...suspended(...news()) };
      await client.submitCommands(submission);
      await expect(client.submitCommands(submission)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
      expect(typesOf(await client.getEvents(id))).toHaveLength(5);
      await client.cancelWorkflow({ workflowExecutionId: id });
      await client.submitCommands(submission);
      expect(await statusOf(use.rest(), id)).toBe("CANCELLED");
    });
  });

  test("clears of absent keys, again and again, are events like others", async () => {
    const queue = "clears";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, completed("1", clearState("k"), clearState("k"), cancelTimer("none")));
    expect(typesOf(await client.getEvents(id)).slice(1, -1)).toEqual(["STATE_CLEARED", "STATE_CLEARED"]);
  });

  describe("an activation that believes the history to be empty, because reading it failed", () => {
    const flow: Flow = async (context) => {
      if (context.execution.kind === "child") return "from the child";
      const task = await context.task("t", 1);
      await context.sleep(1);
      return [task, await context.child("child").ended];
    };
    /** Claims the next activation and runs it as if nothing had ever happened. */
    const forgetful = async (client: FlovynClient, family: Family, queue: string) => {
      const execution = await claimWorkflow(client, { queue });
      const submission = await activate(family, flow, execution, []);
      await client.submitCommands({ workflowExecutionId: execution.id, ...submission });
    };
    /** Claims the next activation and runs it from its history. */
    const mindful = async (client: FlovynClient, family: Family, queue: string) => {
      const execution = await claimWorkflow(client, { queue });
      const submission = await activate(family, flow, execution, await client.getEvents(execution.id));
      await client.submitCommands({ workflowExecutionId: execution.id, ...submission });
    };

    test.each([
      ["ffi", ffi],
      ["napi", napi],
    ])("%s: what it sends again makes nothing twice, and the workflow goes on", async (name, family) => {
      const queue = `forgetful-${name}`;
      const client = use.client();
      const id = await start(queue);
      await mindful(client, family, queue);
      const { taskExecutionId } = await claimTask(client, { queue });
      await client.completeTask({ taskExecutionId, output: Buffer.from("[1]") });
      // The end of the task came before the claim, so only what it sends tells that it has not seen it.
      await forgetful(client, family, queue);
      await mindful(client, family, queue);
      await waitForEvents(client, id, { type: "TIMER_FIRED" });
      await forgetful(client, family, queue);
      await mindful(client, family, queue);
      await mindful(client, family, queue);
      await waitForEvents(client, id, { type: "CHILD_WORKFLOW_COMPLETED" });
      await forgetful(client, family, queue);
      await mindful(client, family, queue);
      const events = await client.getEvents(id);
      expect(typesOf(events)).toEqual([
        "WORKFLOW_STARTED",
        "TASK_SCHEDULED",
        "TASK_COMPLETED",
        "TIMER_STARTED",
        "TIMER_FIRED",
        "CHILD_WORKFLOW_INITIATED",
        "CHILD_WORKFLOW_COMPLETED",
        "WORKFLOW_COMPLETED",
      ]);
      expect(onlyData(events, "WORKFLOW_COMPLETED").output).toEqual([[1], "from the child"]);
    });

    test("it is handed out again once, not for ever", async () => {
      const queue = "forgetful-for-ever";
      const client = use.client();
      const id = await start(queue);
      await mindful(client, ffi, queue);
      const { taskExecutionId } = await claimTask(client, { queue });
      await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
      await forgetful(client, ffi, queue);
      await forgetful(client, ffi, queue);
      expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
      expect(await statusOf(use.rest(), id)).toBe("WAITING");
      await client.cancelWorkflow({ workflowExecutionId: id });
    });
  });
}
