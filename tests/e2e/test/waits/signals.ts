import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { completed, dataOf, type FlovynClient, failed, setState, suspended, typesOf } from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { statusOf } from "../wait-for-events.js";
import { activateOnce, claimWorkflow } from "../wait-for-work.js";

const CALLERS = 20;
const unknownId = "0190a5c0-0000-7000-8000-000000000001";

export function signalTests(use: ClusterInUse): void {
  const start = async (queue: string) =>
    (await use.client().startWorkflow({ workflowKind: "listens", queue })).workflowExecutionId;
  const signal = (client: FlovynClient, workflowExecutionId: string, signalName: string, value = "null") =>
    client.signalWorkflow({ workflowExecutionId, signalName, signalValue: Buffer.from(value) });

  test("pitfall 6: a signal that comes while a worker holds the workflow is delivered by nothing else", async () => {
    const queue = "while-held";
    const client = use.client();
    const id = await start(queue);
    await claimWorkflow(client, { queue });
    await client.getEvents(id);
    expect(await signal(use.client(1), id, "go", "1")).toMatchObject({ signalEventSequence: 2, woke: false });
    await client.submitCommands({ workflowExecutionId: id, ...suspended() });
    const again = await activateOnce(client, queue, completed("1"));
    expect(again.id).toBe(id);
    expect(typesOf(await client.getEvents(id))).toEqual(["WORKFLOW_STARTED", "SIGNAL_RECEIVED", "WORKFLOW_COMPLETED"]);
  });

  test("any signal wakes a workflow that suspended without a command", async () => {
    const queue = "parked";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, suspended());
    expect(await statusOf(use.rest(), id)).toBe("WAITING");
    expect(await signal(client, id, "whatever")).toMatchObject({ signalEventSequence: 2, woke: true });
    expect(await signal(client, id, "more")).toMatchObject({ signalEventSequence: 3, woke: false });
    expect((await activateOnce(client, queue, completed("1"))).currentSequence).toBe(3);
  });

  test("pitfall 20: each name keeps its order, whatever comes between and through whichever gateway", async () => {
    const queue = "order";
    const client = use.client();
    const id = await start(queue);
    const send = async (name: string, gateway: number) => {
      for (let n = 0; n < CALLERS; n++) await signal(use.client(gateway), id, name, String(n));
    };
    await Promise.all([send("a", 0), send("b", 1), send("c", 0)]);
    const signals = (await client.getEvents(id)).slice(1).map((event) => dataOf(event));
    expect(signals).toHaveLength(3 * CALLERS);
    for (const name of ["a", "b", "c"]) {
      const values = signals.filter(({ signalName }) => signalName === name).map(({ signalValue }) => signalValue);
      expect(values).toEqual(Array.from({ length: CALLERS }, (_, n) => n));
    }
    await activateOnce(client, queue, completed("1"));
  });

  test("pitfall 20: a signal after a suspend stands behind all that the earlier turn wrote", async () => {
    const queue = "turns";
    const client = use.client();
    const id = await start(queue);
    await signal(client, id, "first");
    const turn = await activateOnce(client, queue, suspended(setState("turn", "1")));
    // All that the first turn could see, which a check that does not wait is bounded by at a replay.
    expect(turn.currentSequence).toBe(2);
    await signal(client, id, "second");
    expect(typesOf(await client.getEvents(id))).toEqual([
      "WORKFLOW_STARTED",
      "SIGNAL_RECEIVED",
      "STATE_SET",
      "SIGNAL_RECEIVED",
    ]);
    await activateOnce(client, queue, completed("1"));
  });

  test("a signal id that came before is the same signal", async () => {
    const queue = "same-signal";
    const client = use.client();
    const id = await start(queue);
    const once = { workflowExecutionId: id, signalName: "s", signalId: "crm-1" };
    const answers = await Promise.all(
      Array.from({ length: CALLERS }, (_, index) => use.client(index % 2).signalWorkflow(once)),
    );
    expect(new Set(answers.map((answer) => answer.signalEventSequence))).toEqual(new Set([2]));
    expect(answers.filter((answer) => !answer.duplicate)).toHaveLength(1);
    expect(await client.getEvents(id)).toHaveLength(2);
    await activateOnce(client, queue, completed("1"));
  });

  test("a workflow that ended takes none, one that does not exist is not found", async () => {
    const queue = "signal-ended";
    const client = use.client();
    const id = await start(queue);
    await activateOnce(client, queue, completed("1"));
    await expect(signal(client, id, "late")).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    await expect(signal(client, unknownId, "s")).rejects.toMatchObject({ code: status.NOT_FOUND });
    expect(typesOf(await client.getEvents(id))).toEqual(["WORKFLOW_STARTED", "WORKFLOW_COMPLETED"]);
  });

  describe("SignalWithStartWorkflow", () => {
    const wanted = (workflowId: string, queue: string, value = "null") => ({
      ...{ workflowId, workflowKind: "cart", workflowInput: Buffer.from("[1.0]"), queue },
      ...{ signalName: "item", signalValue: Buffer.from(value) },
    });

    test("concurrent calls for one id make one execution that has all signals", async () => {
      const queue = "carts";
      const client = use.client();
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, n) =>
          use.client(n % 2).signalWithStart(wanted("cart-1", queue, String(n))),
        ),
      );
      const [id] = new Set(answers.map((answer) => answer.workflowExecutionId));
      expect(answers.every((answer) => answer.workflowExecutionId === id)).toBe(true);
      expect(answers.filter((answer) => answer.workflowCreated)).toHaveLength(1);
      const sequences = answers.map((answer) => answer.signalEventSequence).sort((a, b) => a - b);
      expect(sequences).toEqual(Array.from({ length: CALLERS }, (_, n) => n + 2));
      const execution = await activateOnce(client, queue, suspended());
      expect(execution.input.toString()).toBe("[1.0]");
      const values = (await client.getEvents(id ?? "")).slice(1).map((event) => dataOf(event).signalValue);
      expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: CALLERS }, (_, n) => n));
      expect(await client.pollWorkflow({ workerId: "w", queue })).toBeUndefined();
      await client.cancelWorkflow({ workflowExecutionId: execution.id });
    });

    test("its ids are the keys of StartWorkflow", async () => {
      const queue = "shared-keys";
      const client = use.client();
      const started = await client.startWorkflow({ workflowKind: "cart", queue, idempotencyKey: "cart-2" });
      const signalled = await client.signalWithStart(wanted("cart-2", queue));
      expect(signalled).toMatchObject({
        workflowExecutionId: started.workflowExecutionId,
        workflowCreated: false,
        signalEventSequence: 2,
      });
      const other = await client.signalWithStart(wanted("cart-3", queue));
      const again = await client.startWorkflow({ workflowKind: "cart", queue, idempotencyKey: "cart-3" });
      expect(again).toMatchObject({ workflowExecutionId: other.workflowExecutionId, idempotencyKeyNew: false });
      for (const _ of [started, other]) await activateOnce(client, queue, completed("1"));
    });

    test.each([
      ["completed", completed("1")],
      ["failed", failed("no luck")],
    ])("an execution that %s is not signalled: a new one is started", async (end, submission) => {
      const queue = `after-${end}`;
      const client = use.client();
      const first = await client.signalWithStart(wanted(queue, queue));
      await activateOnce(client, queue, submission);
      const second = await client.signalWithStart(wanted(queue, queue));
      expect(second).toMatchObject({ workflowCreated: true, signalEventSequence: 2 });
      expect(second.workflowExecutionId).not.toBe(first.workflowExecutionId);
      expect(await client.signalWithStart(wanted(queue, queue))).toMatchObject({
        workflowExecutionId: second.workflowExecutionId,
        workflowCreated: false,
      });
      await activateOnce(client, queue, completed("1"));
    });
  });
}
