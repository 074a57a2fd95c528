/**
 * Goal: the two worked histories of the contract come out of GetEvents as they are printed there, and each family of SDKs
 * gets through the same workflow with the commands that it sends.
 * Approach: activations are run as the SDKs run them, from the whole history, by hand where the order of events matters.
 */
import type { WorkflowEvent } from "@flovyn/proto/v1";
import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import {
  activate,
  completed,
  dataOf,
  type Family,
  type FlovynClient,
  type Flow,
  ffi,
  flowCode,
  kotlin,
  napi,
  RawWorker,
  rust,
  typesOf,
} from "../src/index.js";
import { SMALL, useCluster } from "./use-cluster.js";
import { onlyData, promiseIdOf, statusOf, waitForEvents, waitForStatus } from "./wait-for-events.js";
import { claimTask, claimWorkflow } from "./wait-for-work.js";

const use = useCluster({ replicas: SMALL });
const families: [string, Family][] = [rust, ffi, napi].map((family) => [family.name, family]);

/** Claims the next workflow of a queue, runs one activation and reports it. */
async function step(client: FlovynClient, options: { queue: string; family: Family; flow: Flow }) {
  const { queue, family, flow } = options;
  const execution = await claimWorkflow(client, { queue });
  const events = await client.getEvents(execution.id);
  const submission = await activate(family, flow, execution, events);
  await client.submitCommands({ workflowExecutionId: execution.id, ...submission });
  return { execution, submission };
}

/** Sequence, type and data of every event, data as the text that was sent. */
function rowsOf(events: readonly WorkflowEvent[]): [number, string, string][] {
  return events.map(({ sequenceNumber, eventType, eventData }) => [sequenceNumber, eventType, eventData.toString()]);
}

describe("worked histories", () => {
  test("task plus sleep, as the Rust worker sends them", async () => {
    const queue = "worked-task";
    const client = use.client();
    const flow: Flow = async (context) => {
      context.run("double", () => 6);
      await context.task("add", { a: 1 });
      await context.sleep(100);
      return { ok: true };
    };
    const options = { queue, family: rust, flow };
    const input = Buffer.from('{"n":3}');
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "demo", queue, input });
    const first = await step(client, options);
    // From the number of events it had read, plus one; the last asks for nothing.
    expect(first.submission.commands.map(({ sequenceNumber }) => sequenceNumber)).toEqual([2, 3, 4]);
    expect(first.submission.commands.at(-1)?.commandData?.$case).toBe("suspendWorkflow");
    const { taskExecutionId } = await claimTask(client, { queue });
    await client.completeTask({ taskExecutionId, output: Buffer.from('{"sum":7}') });
    await step(client, options);
    await waitForEvents(client, id, { type: "TIMER_FIRED" });
    await step(client, options);

    const events = await client.getEvents(id);
    const { fireAt } = onlyData(events, "TIMER_STARTED");
    expect(rowsOf(events)).toEqual([
      [
        1,
        "WORKFLOW_STARTED",
        '{"input":{"n":3},"workflowKind":"demo","queue":"worked-task","workflowVersion":null,"parentWorkflowExecutionId":null}',
      ],
      [2, "OPERATION_COMPLETED", '{"operationName":"double","result":6}'],
      [
        3,
        "TASK_SCHEDULED",
        `{"taskExecutionId":"${taskExecutionId}","kind":"add","taskType":"add","input":{"a":1},"queue":"worked-task","maxRetries":3,"timeoutMs":null,"idempotencyKey":null}`,
      ],
      [4, "TASK_COMPLETED", `{"taskExecutionId":"${taskExecutionId}","kind":"add","output":{"sum":7}}`],
      [5, "TIMER_STARTED", `{"timerId":"sleep-1","durationMs":100,"fireAt":${fireAt}}`],
      [6, "TIMER_FIRED", '{"timerId":"sleep-1"}'],
      [7, "WORKFLOW_COMPLETED", '{"output":{"ok":true}}'],
    ]);
  });

  test("promise, child and signal", async () => {
    const queue = "worked-promise";
    const client = use.client();
    const flow: Flow = async (context) => {
      if (context.execution.kind === "echo") return context.input;
      await context.signal("message");
      const approval = context.promise("approval", { timeoutMs: 30_000 });
      await context.child("echo", { m: 1 }, "echo-1").ended;
      await approval;
      return { done: true };
    };
    const options = { queue, family: rust, flow };
    const started = await client.signalWithStart({
      workflowId: "worked",
      workflowKind: "demo",
      queue,
      signalName: "message",
      signalValue: Buffer.from('{"seq":1}'),
    });
    expect(started).toMatchObject({ workflowCreated: true, signalEventSequence: 2 });
    const id = started.workflowExecutionId;
    await step(client, options);
    // The child, on the queue of its parent; then its parent, which has seen nothing yet that it waits for first.
    const { execution: child } = await step(client, options);
    await waitForEvents(client, id, { type: "CHILD_WORKFLOW_COMPLETED" });
    await step(client, options);
    const promiseId = await promiseIdOf(client, id, "approval");
    await client.resolvePromise({ promiseId, value: Buffer.from('{"approved":true}') });
    await step(client, options);

    const childNames =
      '"childExecutionName":"echo-1","childWorkflowExecutionName":"echo-1","childWorkflowKind":"echo",' +
      `"childExecutionId":"${child.id}","childworkflowExecutionId":"${child.id}","childWorkflowExecutionId":"${child.id}"`;
    expect(rowsOf(await client.getEvents(id))).toEqual([
      [
        1,
        "WORKFLOW_STARTED",
        '{"input":null,"workflowKind":"demo","queue":"worked-promise","workflowVersion":null,"parentWorkflowExecutionId":null}',
      ],
      [2, "SIGNAL_RECEIVED", '{"signalName":"message","signalValue":{"seq":1}}'],
      [
        3,
        "PROMISE_CREATED",
        `{"promiseName":"approval","promiseId":"${promiseId}","timeoutMs":30000,"idempotencyKey":null}`,
      ],
      [4, "CHILD_WORKFLOW_INITIATED", `{${childNames},"workflowKind":"echo","input":{"m":1}}`],
      [5, "CHILD_WORKFLOW_COMPLETED", `{${childNames},"output":{"m":1}}`],
      [6, "PROMISE_RESOLVED", `{"promiseId":"${promiseId}","promiseName":"approval","value":{"approved":true}}`],
      [7, "WORKFLOW_COMPLETED", '{"output":{"done":true}}'],
    ]);
    expect(rowsOf(await client.getEvents(child.id))).toEqual([
      [
        1,
        "WORKFLOW_STARTED",
        `{"input":{"m":1},"workflowKind":"echo","queue":"worked-promise","workflowVersion":null,"parentWorkflowExecutionId":"${id}"}`,
      ],
      [2, "WORKFLOW_COMPLETED", '{"output":{"m":1}}'],
    ]);
  });
});

/** Everything that all families can do. */
const everything: Flow = async (context) => {
  if (context.execution.kind === "good-child") return context.input;
  if (context.execution.kind === "bad-child") throw new Error("no luck");
  const began = context.now;
  const rolled = context.run("roll", () => 4);
  context.set("step", "first");
  context.set("scratch", [1]);
  context.clear("scratch");
  const sum = await context.task("add", { a: 1 });
  const [left, right] = await Promise.all([context.task("add", "left"), context.task("add", "right")]);
  const failed = await context.task("fails").catch((error: Error) => error.message);
  await context.sleep(20);
  const child = await context.child("good-child", { deep: true }).ended;
  const badChild = await context.child("bad-child").ended.catch((error: Error) => error.message);
  context.set("step", "last");
  return {
    rolled,
    sum,
    left,
    right,
    failed,
    child,
    badChild,
    moved: context.now >= began + 20,
    step: context.get("step"),
  };
};

const everythingsEnd = {
  rolled: 4,
  sum: { a: 1 },
  left: "left",
  right: "right",
  failed: "out of luck",
  child: { deep: true },
  badChild: "no luck",
};

/** A worker of the family that echoes the input of every task but those that fail. */
function workerOf(family: Family, flow: Flow, queue: string): RawWorker {
  return new RawWorker({
    client: use.client(),
    workerId: `worker-${queue}`,
    queue,
    slots: 2,
    runWorkflow: flowCode(family, flow),
    runTask: async ({ kind, input }) => (kind === "fails" ? { error: "out of luck" } : { output: input.toString() }),
  });
}

describe("each family of SDKs", () => {
  test.each(families)("%s: every kind of call", async (_name, family) => {
    const queue = `everything-${family.name}`;
    const client = use.client();
    const worker = workerOf(family, everything, queue);
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "everything", queue });
    const events = await waitForEvents(client, id, { type: "WORKFLOW_COMPLETED" });
    await worker.stop();
    expect(onlyData(events, "WORKFLOW_COMPLETED").output).toMatchObject({ ...everythingsEnd, step: "last" });
    expect(typesOf(events).filter((type) => type === "TASK_SCHEDULED")).toHaveLength(4);
    expect(onlyData(events, "TIMER_STARTED").timerId).toBe(family === rust ? "sleep-1" : "timer-0");
    expect(await statusOf(use.rest(), id)).toBe("COMPLETED");
  });

  test.each(families)("%s: signals and promises, settled and timed out", async (_name, family) => {
    const queue = `promises-${family.name}`;
    const client = use.client();
    const flow: Flow = async (context) => {
      const first = await context.signal("go");
      const late = context.hasSignal("late");
      const [given, refused, timedOut] = ["given", "refused", "timed-out"].map((name) =>
        context.promise(name, name === "timed-out" ? { timeoutMs: 20 } : {}).catch((error: Error) => error.message),
      );
      return { first, late, given: await given, refused: await refused, timedOut: await timedOut };
    };
    const worker = workerOf(family, flow, queue);
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "waits", queue });
    await client.signalWorkflow({ workflowExecutionId: id, signalName: "go", signalValue: Buffer.from("1") });
    const promiseId = await promiseIdOf(client, id, "given");
    await client.resolvePromise({ promiseId, value: Buffer.from("[2]") });
    await client.rejectPromise({ promiseId: `${id}:refused`, error: "not today" });
    const events = await waitForEvents(client, id, { type: "WORKFLOW_COMPLETED" });
    await worker.stop();
    expect(onlyData(events, "WORKFLOW_COMPLETED").output).toEqual({
      first: 1,
      late: false,
      given: [2],
      refused: "not today",
      timedOut: "promise timed out",
    });
  });

  test.each(families)("%s: a race, and what becomes of its losers", async (_name, family) => {
    const queue = `race-${family.name}`;
    const client = use.client();
    const flow: Flow = async (context) => {
      if (context.execution.kind === "slow-child") return context.signal("never");
      const [child, slow] = [context.child("slow-child", null, "slow"), context.timer(3_600_000)];
      // Of those that have ended at a later replay the first in the list wins.
      await Promise.race([context.sleep(30), child.ended, slow.ended]);
      child.cancel();
      slow.cancel();
      await context.sleep(1);
      return "quick";
    };
    const worker = workerOf(family, flow, queue);
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "race", queue });
    const events = await waitForEvents(client, id, { type: "WORKFLOW_COMPLETED" });
    expect(onlyData(events, "WORKFLOW_COMPLETED").output).toBe("quick");
    expect(typesOf(events).filter((type) => type === "TIMER_CANCELLED")).toHaveLength(1);
    const childId = onlyData(events, "CHILD_WORKFLOW_INITIATED").childExecutionId;
    // Rust has no command for that, and what it sends instead asks for nothing.
    const expected = family === rust ? "WAITING" : "CANCELLED";
    await waitForStatus(use.rest(), childId, expected);
    await worker.stop();
  });

  test("kotlin: ids that are those of executions, the second task has the id of the first", async () => {
    const queue = "kotlin-ids";
    const client = use.client();
    const flow: Flow = async (context) => {
      context.run("roll", () => 4);
      const first = await context.task("add", 1);
      const second = await context.task("add", 2);
      await context.sleep(1);
      return [first, second];
    };
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "tasks", queue });
    await step(client, { queue, family: kotlin, flow });
    const task = await claimTask(client, { queue });
    expect(task.taskExecutionId).toBe(id);
    await client.completeTask({ taskExecutionId: id, output: Buffer.from("1") });
    expect((await step(client, { queue, family: kotlin, flow })).submission.commands).toMatchObject([
      { commandData: { $case: "scheduleTask", value: { taskExecutionId: id } } },
    ]);
    expect(typesOf(await client.getEvents(id))).toEqual([
      "WORKFLOW_STARTED",
      "OPERATION_COMPLETED",
      "TASK_SCHEDULED",
      "TASK_COMPLETED",
    ]);
  });

  test("kotlin: a child that asks for the id of its parent is refused, the parent can go on", async () => {
    const queue = "kotlin-child";
    const client = use.client();
    const flow: Flow = (context) => context.child("echo").ended;
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "parent", queue });
    await expect(step(client, { queue, family: kotlin, flow })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: "ID_TAKEN",
    });
    await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
  });

  test("kotlin: aliases in a history of children, and promises by workflow and name", async () => {
    const queue = "kotlin-keys";
    const client = use.client();
    // Its own ids aside, it drives the flow that others do.
    const family: Family = { ...kotlin, ids: ffi.ids };
    const worker = workerOf(family, everything, queue);
    const { workflowExecutionId: id } = await client.startWorkflow({ workflowKind: "everything", queue });
    const events = await waitForEvents(client, id, { type: "WORKFLOW_COMPLETED" });
    expect(onlyData(events, "WORKFLOW_COMPLETED").output).toMatchObject(everythingsEnd);
    const children = events.filter(({ eventType }) => eventType === "CHILD_WORKFLOW_INITIATED");
    for (const child of children) {
      const view = await use.rest().get(`/workflow-executions/${dataOf(child).childWorkflowExecutionId}`);
      expect(view.json.queue).toBe(queue);
    }
    await worker.stop();
    const promising: Flow = (context) => context.promise("approval");
    const second = await client.startWorkflow({ workflowKind: "promise", queue });
    const { workflowExecutionId } = second;
    await step(client, { queue, family: kotlin, flow: promising });
    const promiseId = `${workflowExecutionId}:approval`;
    await client.resolvePromise({ promiseId, value: Buffer.from("true") });
    const settled = onlyData(await client.getEvents(workflowExecutionId), "PROMISE_RESOLVED");
    expect(settled).toMatchObject({ promiseName: "approval", value: true });
    // The keys of that library contradict those of all others: known, and no reason to write them.
    await expect(step(client, { queue, family: kotlin, flow: promising })).rejects.toThrow(
      "promise approval has the id",
    );
    await client.submitCommands({ workflowExecutionId, ...completed("1") });
  });
});
