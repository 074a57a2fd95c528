import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { completed, count, createPromise, dataOf, resolvePromise, suspended, typesOf } from "../../src/index.js";
import type { ClusterInUse } from "../use-cluster.js";
import { onlyData, promiseIdOf, statusOf, waitForEvents } from "../wait-for-events.js";
import { activateOnce, claimWorkflow } from "../wait-for-work.js";

const CALLERS = 20;
const unknownId = "0190a5c0-0000-7000-8000-000000000001";
const taken = { code: status.FAILED_PRECONDITION, reason: "KEY_TAKEN" };

export function promiseTests(use: ClusterInUse): void {
  const start = async (queue: string) =>
    (await use.client().startWorkflow({ workflowKind: "promises", queue })).workflowExecutionId;
  /** A workflow that waits for promises of these names. */
  const waiting = async (queue: string, ...commands: ReturnType<typeof createPromise>[]) => {
    const id = await start(queue);
    await activateOnce(use.client(), queue, suspended(...commands));
    return id;
  };

  test("pitfall 15: a promise that was created as the workflow suspended is found at once", async () => {
    const queue = "found-at-once";
    const client = use.client(0);
    const id = await start(queue);
    await claimWorkflow(client, { queue });
    await client.submitCommands({ workflowExecutionId: id, ...suspended(createPromise("approval")) });
    // Through the other gateway, and by the name as well as by the id of its event.
    await use.client(1).resolvePromise({ promiseId: `${id}:approval`, value: Buffer.from("true") });
    await client.resolvePromise({ promiseId: await promiseIdOf(client, id, "approval"), value: Buffer.from("true") });
    await activateOnce(client, queue, completed("1"));
    expect(onlyData(await client.getEvents(id), "PROMISE_RESOLVED").value).toBe(true);
  });

  test("pitfall 22: a timeout wakes the workflow, with the id of the promise in its event", async () => {
    const queue = "times-out";
    const client = use.client();
    const id = await waiting(queue, createPromise("slow", { timeoutMs: 30 }), createPromise("open"));
    const promiseId = await promiseIdOf(client, id, "slow");
    expect((await activateOnce(client, queue, suspended())).id).toBe(id);
    const events = await client.getEvents(id);
    expect(onlyData(events, "PROMISE_TIMEOUT")).toEqual({ promiseId, promiseName: "slow" });
    const late = client.resolvePromise({ promiseId, value: Buffer.from("1") });
    await expect(late).rejects.toMatchObject({ code: status.FAILED_PRECONDITION });
    expect(await client.getEvents(id)).toEqual(events);
    await client.cancelWorkflow({ workflowExecutionId: id });
  });

  test("pitfall 19: of concurrent settlements one counts, and one event tells it", async () => {
    const queue = "settled-once";
    const id = await waiting(queue, createPromise("contended"));
    const promiseId = await promiseIdOf(use.client(), id, "contended");
    const settled = await Promise.allSettled(
      Array.from({ length: CALLERS }, (_, n) =>
        n % 2 === 0
          ? use.client(n % 4 === 0 ? 0 : 1).resolvePromise({ promiseId, value: Buffer.from(String(n)) })
          : use.client().rejectPromise({ promiseId, error: `no ${n}` }),
      ),
    );
    expect(settled.filter((one) => one.status === "fulfilled")).toHaveLength(1);
    const refusals = settled.flatMap((one) => (one.status === "rejected" ? [one.reason.codeName] : []));
    expect(new Set(refusals)).toEqual(new Set(["FAILED_PRECONDITION"]));
    const events = await use.client().getEvents(id);
    expect(count(events, "PROMISE_RESOLVED") + count(events, "PROMISE_REJECTED")).toBe(1);
    await activateOnce(use.client(), queue, completed("1"));
  });

  describe("settled already", () => {
    test("the same outcome is accepted again over gRPC, another one is not; REST answers that it was", async () => {
      const queue = "settled-again";
      const client = use.client();
      const rest = use.rest();
      const id = await waiting(queue, createPromise("yes"), createPromise("no"));
      const [yes, no] = [await promiseIdOf(client, id, "yes"), await promiseIdOf(client, id, "no")];
      for (const _ of [1, 2]) {
        await client.resolvePromise({ promiseId: yes, value: Buffer.from("1.0") });
        await client.rejectPromise({ promiseId: no, error: "never" });
      }
      const settled = { code: status.FAILED_PRECONDITION };
      const refused = [
        client.resolvePromise({ promiseId: yes, value: Buffer.from("1") }),
        client.rejectPromise({ promiseId: yes, error: "never" }),
        client.rejectPromise({ promiseId: no, error: "ever" }),
      ];
      for (const call of refused) await expect(call).rejects.toMatchObject(settled);
      const answer = await rest.post(`/promises/id:${yes}/resolve`, { value: 2 });
      expect(answer).toMatchObject({ status: 200, json: { resolved: false, alreadyResolved: true, promiseId: yes } });
      const types = typesOf(await client.getEvents(id));
      expect(types.filter((type) => type.startsWith("PROMISE_")).sort()).toEqual([
        "PROMISE_CREATED",
        "PROMISE_CREATED",
        "PROMISE_REJECTED",
        "PROMISE_RESOLVED",
      ]);
      await activateOnce(client, queue, completed("1"));
    });
  });

  describe("names and keys", () => {
    test.each([
      ["its id", (_id: string, promiseId: string) => promiseId],
      ["its id in capitals", (_id: string, promiseId: string) => promiseId.toUpperCase()],
      ["workflow:name", (id: string) => `${id}:stripe:ch/1`],
      ["workflow/name", (id: string) => `${id}/stripe:ch/1`],
    ])("a promise is settled by %s", async (by, refOf) => {
      const queue = `by-${by.replaceAll(/[^a-z]/g, "-")}`;
      const client = use.client();
      const id = await waiting(queue, createPromise("stripe:ch/1"));
      const promiseId = await promiseIdOf(client, id, "stripe:ch/1");
      await client.resolvePromise({ promiseId: refOf(id, promiseId), value: Buffer.from("[1]") });
      const settled = onlyData(await client.getEvents(id), "PROMISE_RESOLVED");
      expect(settled).toEqual({ promiseId, promiseName: "stripe:ch/1", value: [1] });
      await activateOnce(client, queue, completed("1"));
    });

    test("by its key over REST, with colons in it", async () => {
      const queue = "by-key";
      const client = use.client();
      const id = await waiting(queue, createPromise("charge", { idempotencyKey: "stripe:ch_1" }));
      const answer = await use.rest().post("/promises/key:stripe:ch_1/reject", { error: "declined" });
      expect(answer).toMatchObject({ status: 200, json: { alreadyResolved: false } });
      expect(onlyData(await client.getEvents(id), "PROMISE_REJECTED").error).toBe("declined");
      await activateOnce(client, queue, completed("1"));
    });

    test("one key, one promise: anything else that wants it is refused with its submission", async () => {
      const queue = "one-key";
      const client = use.client();
      const keyed = (name: string) => createPromise(name, { idempotencyKey: "one-key" });
      const id = await waiting(queue, keyed("first"));
      const other = await start(queue);
      await claimWorkflow(client, { queue });
      const before = await client.getEvents(other);
      await expect(
        client.submitCommands({ workflowExecutionId: other, ...suspended(createPromise("innocent"), keyed("first")) }),
      ).rejects.toMatchObject(taken);
      expect(await client.getEvents(other)).toEqual(before);
      await client.signalWorkflow({ workflowExecutionId: id, signalName: "again" });
      await claimWorkflow(client, { queue });
      await expect(
        client.submitCommands({ workflowExecutionId: id, ...suspended(keyed("second")) }),
      ).rejects.toMatchObject(taken);
      // The same workflow, name and key: the command was applied before.
      await client.submitCommands({ workflowExecutionId: id, ...suspended(keyed("first")) });
      expect(count(await client.getEvents(id), "PROMISE_CREATED")).toBe(1);
      const start1 = await client
        .startWorkflow({ workflowKind: "k", queue, idempotencyKey: "one-key" })
        .catch((e) => e);
      expect(start1).toMatchObject({ code: status.ALREADY_EXISTS });
      for (const one of [id, other]) await client.cancelWorkflow({ workflowExecutionId: one });
    });

    test("of several with one name the oldest open one is meant", async () => {
      const queue = "same-name";
      const client = use.client();
      const id = await waiting(queue, createPromise("again"), createPromise("again"));
      for (const value of ["1", "2"]) {
        await client.resolvePromise({ promiseId: `${id}:again`, value: Buffer.from(value) });
      }
      const events = (await client.getEvents(id)).map((event) => dataOf(event));
      const created = events.slice(1, 3).map(({ promiseId }) => promiseId);
      expect(events.slice(3).map(({ promiseId, value }) => [promiseId, value])).toEqual([
        [created[0], 1],
        [created[1], 2],
      ]);
      await activateOnce(client, queue, completed("1"));
    });

    test.each([
      ["an unknown id", unknownId, status.NOT_FOUND],
      ["an unknown name", `${unknownId}:name`, status.NOT_FOUND],
      ["no id at all", "approval", status.INVALID_ARGUMENT],
      ["nothing", "", status.INVALID_ARGUMENT],
    ])("%s settles nothing", async (_name, promiseId, code) => {
      const expected = { code, details: expect.stringMatching(/^promise_id: /) };
      await expect(use.client().resolvePromise({ promiseId, value: Buffer.from("1") })).rejects.toMatchObject(expected);
      await expect(use.client().rejectPromise({ promiseId, error: "no" })).rejects.toMatchObject(expected);
    });
  });

  test("what a workflow resolves for itself comes with its next activation", async () => {
    const queue = "resolves-itself";
    const client = use.client();
    const id = await waiting(queue, createPromise("own"), resolvePromise("own", "[1]"));
    expect((await activateOnce(client, queue, suspended(resolvePromise("own", "[2]")))).id).toBe(id);
    const events = await client.getEvents(id);
    expect(typesOf(events)).toEqual(["WORKFLOW_STARTED", "PROMISE_CREATED", "PROMISE_RESOLVED"]);
    expect(onlyData(events, "PROMISE_RESOLVED").value).toEqual([1]);
    expect(await statusOf(use.rest(), id)).toBe("WAITING");
    await client.signalWorkflow({ workflowExecutionId: id, signalName: "go" });
    await claimWorkflow(client, { queue });
    const unknown = client.submitCommands({ workflowExecutionId: id, ...suspended(resolvePromise("nobody", "1")) });
    await expect(unknown).rejects.toMatchObject({ reason: "NO_SUCH_PROMISE" });
    await client.submitCommands({ workflowExecutionId: id, ...completed("1") });
  });

  test("a timeout of 0 ms, and one that a settlement came before", async () => {
    const queue = "timeouts";
    const client = use.client();
    const id = await waiting(
      queue,
      createPromise("at-once", { timeoutMs: 0 }),
      createPromise("kept", { timeoutMs: 5_000 }),
    );
    await client.resolvePromise({ promiseId: `${id}:kept`, value: Buffer.from("1") });
    const first = await waitForEvents(client, id, { type: "PROMISE_TIMEOUT" });
    expect(onlyData(first, "PROMISE_TIMEOUT").promiseName).toBe("at-once");
    // A later timeout of another workflow tells that the time of the kept promise is over.
    const clock = await start(queue);
    while ((await activateOnce(client, queue, suspended(createPromise("clock", { timeoutMs: 5_000 })))).id !== clock);
    await waitForEvents(client, clock, { type: "PROMISE_TIMEOUT" });
    const events = await client.getEvents(id);
    expect(count(events, "PROMISE_RESOLVED")).toBe(1);
    expect(events.filter((event) => dataOf(event).promiseName === "kept")).toHaveLength(2);
    for (const one of [id, clock]) await client.cancelWorkflow({ workflowExecutionId: one });
  });
}
