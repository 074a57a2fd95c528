import { waitFor } from "@flovyn/testing";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  cancelChild,
  completed,
  count,
  createPromise,
  type Flow,
  failed,
  ffi,
  flowCode,
  RawWorker,
  rust,
  scheduleChild,
  scheduleTask,
  startTimer,
  suspended,
  typesOf,
  unspecified,
} from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { onlyData, promiseIdOf, statusOf, waitForEvents, waitForStatus } from "../wait-for-events.js";
import { activateOnce, claimTask, claimWorkflow } from "../wait-for-work.js";

export function childrenTests(use: ClusterInUse): void {
  const start = async (queue: string, workflowKind = "parent") =>
    (await use.client().startWorkflow({ workflowKind, queue })).workflowExecutionId;
  const child = (name: string, id: string = crypto.randomUUID()) => scheduleChild({ id, name, kind: "child" });

  describe("ids and names of children", () => {
    test("pitfall 16: three sequential children have three ids, and the parent completes", async () => {
      const queue = "sequential-children";
      const client = use.client();
      const flow: Flow = async (context) => {
        if (context.execution.kind === "child") return context.input;
        const results: unknown[] = [];
        for (const n of [1, 2, 3]) results.push(await context.child("child", n).ended);
        return results;
      };
      const worker = new RawWorker({ client, workerId: "w", queue, runWorkflow: flowCode(ffi, flow), slots: 1 });
      const id = await start(queue);
      const events = await waitForEvents(client, id, { type: "WORKFLOW_COMPLETED" });
      await worker.stop();
      expect(onlyData(events, "WORKFLOW_COMPLETED").output).toEqual([1, 2, 3]);
      expect((await use.rest().get(`/workflow-executions?queue=${queue}&kind=child`)).json.total).toBe(3);
    });

    test.each([
      ["the id of another child", "ID_TAKEN", (known: string) => [child("second", known)]],
      ["the id of another child in one submission", "ID_TAKEN", () => twoNames(crypto.randomUUID())],
      ["the name of another child", "NAME_TAKEN", () => [child("first")]],
      ["another kind", "ID_TAKEN", (known: string) => [scheduleChild({ id: known, name: "first", kind: "other" })]],
    ])("pitfall 16: %s is refused with the whole submission", async (name, reason, commands) => {
      const queue = `taken-${name.replaceAll(" ", "-")}`;
      const client = use.client();
      const known = crypto.randomUUID();
      const id = await start(queue);
      await activateOnce(client, queue, suspended(child("first", known)));
      await activateOnce(client, queue, completed("1"));
      await claimWorkflow(client, { queue });
      const before = await client.getEvents(id);
      const innocent = crypto.randomUUID();
      const submission = suspended(child("innocent", innocent), ...commands(known));
      await expect(client.submitCommands({ workflowExecutionId: id, ...submission })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        reason,
      });
      expect(await client.getEvents(id)).toEqual(before);
      await expect(client.getEvents(innocent)).rejects.toMatchObject({ code: status.NOT_FOUND });
      await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
    });

    test("the id of an execution of another org is answered like a free one, and the child gets an id of its own", async () => {
      const queue = "foreign-id";
      const client = use.client();
      const foreignClient = use.client(0, { org: use.cluster.otherOrg });
      const foreign = await foreignClient.startWorkflow({ workflowKind: "child", queue: "secret-queue" });
      const before = await foreignClient.getEvents(foreign.workflowExecutionId);
      await start(queue);
      const { id } = await claimWorkflow(client, { queue });
      await client.submitCommands({
        workflowExecutionId: id,
        ...suspended(child("first", foreign.workflowExecutionId)),
      });
      const { childExecutionId } = onlyData(await client.getEvents(id), "CHILD_WORKFLOW_INITIATED");
      expect(childExecutionId).not.toBe(foreign.workflowExecutionId);
      expect(await claimWorkflow(client, { queue })).toMatchObject({ id: childExecutionId });
      expect(await foreignClient.getEvents(foreign.workflowExecutionId)).toEqual(before);
    });

    test.each([
      ["", "inherits"],
      ["default", "inherits"],
      ["elsewhere", "elsewhere"],
    ])(
      "pitfall 17: a child with queue %j runs on the queue of its parent, or on the one named",
      async (queue, where) => {
        const parentQueue = `queue-of-parent-${queue}`;
        const client = use.client();
        const id = crypto.randomUUID();
        await start(parentQueue);
        await activateOnce(client, parentQueue, suspended(scheduleChild({ id, name: "c", kind: "child", queue })));
        const expected = where === "inherits" ? parentQueue : where;
        expect(await claimWorkflow(client, { queue: expected })).toMatchObject({ id, queue: expected });
        await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
        await activateOnce(client, parentQueue, completed("1"));
      },
    );
  });

  describe("ends of children", () => {
    test("pitfall 18: parents go on after success and failure, at two levels", async () => {
      const queue = "levels";
      const client = use.client();
      const flow: Flow = async (context) => {
        const [depth, fails] = context.input as [number, boolean];
        if (depth > 0) return [await context.child("level", [depth - 1, fails]).ended];
        if (fails) throw new Error("at the bottom");
        return "bottom";
      };
      const worker = new RawWorker({ client, workerId: "w", queue, runWorkflow: flowCode(rust, flow), slots: 2 });
      const ends = await Promise.all(
        [false, true].map(async (fails) => {
          const input = Buffer.from(JSON.stringify([3, fails]));
          const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "level", queue, input });
          const type = fails ? "WORKFLOW_EXECUTION_FAILED" : "WORKFLOW_COMPLETED";
          return onlyData(await waitForEvents(client, id, { type }), type);
        }),
      );
      await worker.stop();
      expect(ends).toMatchObject([{ output: [[["bottom"]]] }, { error: "at the bottom" }]);
    });

    test("pitfall 23: what a workflow asked for as it completed runs, and its ends touch nothing", async () => {
      const queue = "hasty";
      const client = use.client();
      const childId = crypto.randomUUID();
      const id = await start(queue);
      await activateOnce(
        client,
        queue,
        completed(
          '"done"',
          child("late", childId),
          scheduleTask({ id: crypto.randomUUID(), kind: "late" }),
          startTimer("late", 1),
          createPromise("late", { timeoutMs: 1 }),
        ),
      );
      const before = await client.getEvents(id);
      expect(typesOf(before).at(-1)).toBe("WORKFLOW_COMPLETED");
      expect((await activateOnce(client, queue, completed("1"))).id).toBe(childId);
      const { taskExecutionId } = await claimTask(client, { queue });
      await client.completeTask({ taskExecutionId, output: Buffer.from("1") });
      const promiseId = await promiseIdOf(client, id, "late");
      await expect(client.resolvePromise({ promiseId, value: Buffer.from("1") })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
      });
      // Another timer, due later than the first, tells that the first would have fired by now.
      await start(queue, "clock");
      const clock = await activateOnce(client, queue, suspended(startTimer("later", 5)));
      await waitForEvents(client, clock.id, { type: "TIMER_FIRED" });
      expect(await client.getEvents(id)).toEqual(before);
      await activateOnce(client, queue, completed("1"));
    });

    test("pitfall 23: the fixtures of these tests report nothing for code that broke", async () => {
      const queue = "broken-fixture";
      const client = use.client();
      const id = await start(queue);
      const worker = new RawWorker({
        client,
        workerId: "w",
        queue,
        slots: 1,
        runWorkflow: () => Promise.reject(new Error("a mistake of the test")),
      });
      await waitForEvents(client, id, { type: "WORKFLOW_STARTED" });
      await waitForStatus(use.rest(), id, "RUNNING");
      await expect(worker.stop()).rejects.toThrow("a mistake of the test");
      expect(typesOf(await client.getEvents(id))).toEqual(["WORKFLOW_STARTED"]);
    });
  });

  describe("cancelling", () => {
    test.each([
      ["id alone", (id: string) => cancelChild({ id })],
      ["name", () => cancelChild({ name: "c", reason: "enough" })],
    ])("a parent cancels a child by %s, in any status, and its grandchildren go with it", async (by, command) => {
      const queue = `cancel-by-${by.replaceAll(" ", "-")}`;
      const client = use.client();
      const rest = use.rest();
      const [childId, grandchildId] = [crypto.randomUUID(), crypto.randomUUID()];
      const id = await start(queue);
      await activateOnce(client, queue, suspended(scheduleChild({ id: childId, name: "c", kind: "child" })));
      await activateOnce(client, queue, suspended(child("grandchild", grandchildId)));
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "s" });
      const claims = [await claimWorkflow(client, { queue }), await claimWorkflow(client, { queue })];
      expect(claims.map((claim) => claim.id).sort()).toEqual([id, grandchildId].sort());
      await client.submitCommands({ workflowExecutionId: id, ...suspended(unspecified(), command(childId)) });
      const events = await waitForEvents(client, id, { type: "CHILD_WORKFLOW_FAILED" });
      const { error } = onlyData(events, "CHILD_WORKFLOW_FAILED");
      expect(error).toBe(by === "name" ? "Child workflow cancelled: enough" : "Child workflow cancelled");
      await waitForStatus(rest, grandchildId, "CANCELLED");
      expect(await statusOf(rest, childId)).toBe("CANCELLED");
      // The worker of the grandchild knows nothing of it.
      await client.submitCommands({ workflowExecutionId: grandchildId, ...completed("1") });
      expect(await statusOf(rest, grandchildId)).toBe("CANCELLED");
      await activateOnce(client, queue, completed("1"));
      expect(typesOf(await client.getEvents(id))).toEqual([
        "WORKFLOW_STARTED",
        "CHILD_WORKFLOW_INITIATED",
        "SIGNAL_RECEIVED",
        "CHILD_WORKFLOW_FAILED",
        "WORKFLOW_COMPLETED",
      ]);
    });

    test("a child that has ended stays as it is; one that is not theirs is refused", async () => {
      const queue = "cancel-ended";
      const client = use.client();
      const childId = crypto.randomUUID();
      const id = await start(queue);
      await activateOnce(client, queue, suspended(child("c", childId)));
      await activateOnce(client, queue, failed("no luck"));
      await claimWorkflow(client, { queue });
      const stranger = await start("strangers");
      for (const command of [cancelChild({ id: stranger }), cancelChild({ name: "nobody" })]) {
        await expect(client.submitCommands({ workflowExecutionId: id, ...suspended(command) })).rejects.toMatchObject({
          code: status.FAILED_PRECONDITION,
          reason: "NO_SUCH_CHILD",
        });
      }
      await client.submitCommands({ workflowExecutionId: id, ...completed("1", cancelChild({ id: childId })) });
      expect(await statusOf(use.rest(), childId)).toBe("FAILED");
      expect(await statusOf(use.rest(), stranger)).toBe("PENDING");
    });

    test("cancelling a workflow takes its tasks, timers, promises and children along", async () => {
      const queue = "cancel-all";
      const client = use.client();
      const rest = use.rest();
      const [childId, taskId] = [crypto.randomUUID(), crypto.randomUUID()];
      const id = await start(queue);
      await activateOnce(
        client,
        queue,
        suspended(
          child("c", childId),
          scheduleTask({ id: taskId, kind: "t" }),
          startTimer("soon", 60_000),
          createPromise("never"),
        ),
      );
      const promiseId = await promiseIdOf(client, id, "never");
      const cancelled = await client.cancelWorkflow({ workflowExecutionId: id, reason: "enough" });
      expect(cancelled).toMatchObject({ cancelled: true, status: "CANCELLED", cancelledChildren: 1 });
      expect(await statusOf(rest, childId)).toBe("CANCELLED");
      await waitFor(
        "the task to be cancelled",
        async () => (await rest.get(`/task-executions/${taskId}`)).json.status === "CANCELLED",
      );
      await expect(client.resolvePromise({ promiseId, value: Buffer.from("1") })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
      });
      const types = typesOf(await client.getEvents(id));
      expect(types.slice(-2)).toEqual(["CANCELLATION_REQUESTED", "WORKFLOW_CANCELLED"]);
      expect(count(await client.getEvents(id), "CHILD_WORKFLOW_FAILED")).toBe(0);
      expect(await client.cancelWorkflow({ workflowExecutionId: id })).toMatchObject({ cancelled: false });
    });
  });

  describe("StartChildWorkflow", () => {
    test("starts a child of a live parent and writes nothing to its history", async () => {
      const queue = "from-outside";
      const client = use.client();
      const id = await start(queue);
      await activateOnce(client, queue, suspended());
      const request = {
        parentWorkflowExecutionId: id,
        childExecutionName: "outside",
        workflowExecutionIdentifier: { $case: "workflowKind", value: "child" },
        input: Buffer.from("[1.0]"),
      } as const;
      const started = await client.startChildWorkflow(request);
      expect(await client.startChildWorkflow(request)).toEqual(started);
      const other = { ...request, workflowExecutionIdentifier: { $case: "workflowKind", value: "other" } } as const;
      await expect(client.startChildWorkflow(other)).rejects.toMatchObject({ code: status.ALREADY_EXISTS });
      const execution = await activateOnce(client, queue, completed("1"));
      expect(execution).toMatchObject({ id: started.childWorkflowExecutionId, kind: "child", queue });
      expect(execution.input.toString()).toBe("[1.0]");
      expect(typesOf(await client.getEvents(id))).toEqual(["WORKFLOW_STARTED"]);
      expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
      await client.cancelWorkflow({ workflowExecutionId: id });
      const late = { ...request, childExecutionName: "late" };
      await expect(client.startChildWorkflow(late)).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    });
  });

  function twoNames(id: string) {
    return [child("one", id), child("two", id)];
  }
}
