/** What each command of an activation does to a workflow and what it asks to be written, decided against known facts. */
import { describe, expect, it } from "vitest";
import { claim } from "./claim.js";
import type { WorkflowCommand } from "./commands.js";
import { startWorkflow } from "./start.js";
import type { Workflow } from "./state.js";
import { type SubmitChange, submit } from "./submit.js";
import { nothingKnown, type SubmitFacts } from "./submit-effects.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const other = "0190a5c0-0000-7000-8000-000000000002";
const now = 5_000;
const value = Buffer.from("9007199254740993");

function running(): Workflow {
  const { next } = startWorkflow(
    {
      ...{ id, orgId: id, kind: "order", queue: "orders", input: Buffer.from("1"), version: null, parentId: null },
      ...{ childName: null, initiatedSequence: null, partitionKey: 0, rootExecutionId: id, traceparent: "" },
      ...{ hasIdempotencyKey: false, createdAtMs: 0 },
    },
    { type: "user", id: "u" },
  );
  return claim(next, "worker").next;
}

function apply(
  commands: readonly WorkflowCommand[],
  facts: Partial<SubmitFacts> = {},
  seenSequence?: number,
): SubmitChange {
  const submission = { commands, outcome: { type: "SUSPENDED" as const } };
  const seen = seenSequence === undefined ? {} : { seenSequence };
  return submit(running(), { ...submission, ...seen }, { ...nothingKnown, ...facts }, now);
}

const texts = (change: SubmitChange) =>
  change.events.map(({ type, data }) => `${type} ${Buffer.from(data).toString()}`);
const startTimer = (timerId: string, durationMs = 10): WorkflowCommand => ({
  type: "START_TIMER",
  timerId,
  durationMs,
});
const createPromise = (promiseId: string, name: string, idempotencyKey: string | null = null): WorkflowCommand => ({
  ...{ type: "CREATE_PROMISE", promiseId, name, timeoutMs: 100, idempotencyKey, keyTtlSeconds: 1 },
});
const resolvePromise = (promise: string): WorkflowCommand => ({ type: "RESOLVE_PROMISE", promise, value });
const child = (childId: string, name: string, kind = "ship"): WorkflowCommand => ({
  ...{ type: "SCHEDULE_CHILD_WORKFLOW", childId, name, kind, input: value, queue: null, priorityMs: 0 },
});

describe("timers", () => {
  it("are armed from the time of the submission, and once for each id", () => {
    const change = apply([startTimer("timer-0"), startTimer("timer-0"), startTimer("timer-1", 0)]);
    expect(texts(change)).toEqual([
      'TIMER_STARTED {"timerId":"timer-0","durationMs":10,"fireAt":5010}',
      'TIMER_STARTED {"timerId":"timer-1","durationMs":0,"fireAt":5000}',
    ]);
    expect(change.effects.timers.map(({ fireAtMs, startedSequence }) => [fireAtMs, startedSequence])).toEqual([
      [5010, 2],
      [5000, 3],
    ]);
    expect(change.next).toMatchObject({ status: "WAITING", hasWaits: true });
    expect(apply([startTimer("timer-0")], { timer: () => ({ status: "FIRED" }) }).events).toEqual([]);
  });

  it.each([
    ["ARMED", ['TIMER_CANCELLED {"timerId":"t"}'], "PENDING"],
    ["FIRED", [], "WAITING"],
    ["CANCELLED", [], "WAITING"],
    [undefined, [], "WAITING"],
  ] as const)("that are %s are cancelled with %j, and the workflow is %s", (status, events, next) => {
    const known = status === undefined ? undefined : { status };
    const cancel: WorkflowCommand = { type: "CANCEL_TIMER", timerId: "t" };
    const change = apply([cancel, cancel], { timer: () => known });
    expect(texts(change)).toEqual(events);
    // Some clients end their sleep with the event, so it has to be seen. One that tells what it has seen knows it.
    expect(change.next.status).toBe(next);
    expect(apply([cancel], { timer: () => known }, 1).next.status).toBe("WAITING");
  });
});

describe("promises", () => {
  it("are opened under ids of the server; names repeat", () => {
    const change = apply([createPromise("p-1", "approval"), createPromise("p-2", "approval")]);
    expect(texts(change)).toEqual([
      'PROMISE_CREATED {"promiseName":"approval","promiseId":"p-1","timeoutMs":100,"idempotencyKey":null}',
      'PROMISE_CREATED {"promiseName":"approval","promiseId":"p-2","timeoutMs":100,"idempotencyKey":null}',
    ]);
    expect(change.effects.promises.map(({ timeoutAtMs }) => timeoutAtMs)).toEqual([5100, 5100]);
  });

  it("are resolved by name, the oldest open one first, and the workflow is handed out again", () => {
    const change = apply([
      createPromise("p-1", "approval"),
      createPromise("p-2", "approval"),
      resolvePromise("approval"),
      resolvePromise("approval"),
      resolvePromise("approval"),
    ]);
    expect([...change.effects.resolvedPromises.keys()]).toEqual(["p-1", "p-2"]);
    expect(texts(change).slice(2)).toEqual([
      'PROMISE_RESOLVED {"promiseId":"p-1","promiseName":"approval","value":9007199254740993}',
      'PROMISE_RESOLVED {"promiseId":"p-2","promiseName":"approval","value":9007199254740993}',
    ]);
    expect(change.next).toMatchObject({ status: "PENDING", wakePending: false });
  });

  it("stay as they are when they are settled; unknown ones refuse the submission", () => {
    const settled = [{ id: "p", name: "approval", status: "TIMED_OUT" as const }];
    expect(apply([resolvePromise("approval")], { promises: () => settled }).events).toEqual([]);
    expect(() => apply([resolvePromise("approval")])).toThrowError(
      expect.objectContaining({ code: "WrongState", reason: "NO_SUCH_PROMISE" }),
    );
  });

  it("with a key: taken by something else it refuses, held by the same promise it repeats nothing", () => {
    const command = createPromise("p-2", "approval", "key");
    expect(() => apply([command], { keyHolder: () => "task" })).toThrowError(
      expect.objectContaining({ code: "WrongState", reason: "KEY_TAKEN", field: "create_promise.idempotency_key" }),
    );
    const earlier = [{ id: "p-1", name: "approval", status: "OPEN" as const }];
    expect(apply([command], { keyHolder: () => "p-1", promises: () => earlier }).events).toEqual([]);
    expect(apply([command], { keyHolder: () => "p-2" }).events).toHaveLength(1);
    expect(() => apply([command, createPromise("p-3", "approval", "key")], { keyHolder: () => "p-2" })).toThrow(/key/);
  });
});

describe("children", () => {
  it("are initiated with every key that some client reads, on the queue of the parent", () => {
    const change = apply([child(other, "ship-1"), child(other, "ship-1")]);
    expect(change.events).toHaveLength(1);
    expect(JSON.parse(Buffer.from(change.events[0]?.data ?? "").toString())).toEqual({
      ...{ childExecutionName: "ship-1", childWorkflowExecutionName: "ship-1" },
      ...{ childWorkflowKind: "ship", workflowKind: "ship", input: Number(value.toString()) },
      ...{ childExecutionId: other, childworkflowExecutionId: other, childWorkflowExecutionId: other },
    });
    expect(change.effects.children).toMatchObject([{ queue: "orders", initiatedSequence: 2 }]);
  });

  it.each([
    ["the same child", { kind: "ship", parentId: id, childName: "ship-1" }, undefined],
    ["a child under another name", { kind: "ship", parentId: id, childName: "ship-2" }, "ID_TAKEN"],
    ["a child of another kind", { kind: "bill", parentId: id, childName: "ship-1" }, "ID_TAKEN"],
    ["a child of another parent", { kind: "ship", parentId: other, childName: "ship-1" }, "ID_TAKEN"],
    ["a workflow of its own", { kind: "ship", parentId: null, childName: null }, "ID_TAKEN"],
  ] as const)("pitfall 16: an id of %s", (_, known, reason) => {
    const act = () => apply([child(other, "ship-1")], { execution: () => known });
    if (reason === undefined) expect(act().events).toEqual([]);
    else expect(act).toThrowError(expect.objectContaining({ code: "WrongState", reason }));
  });

  it("need a name of their own", () => {
    const taken = expect.objectContaining({ code: "WrongState", reason: "NAME_TAKEN" });
    expect(() => apply([child(other, "ship-1")], { childNamed: () => id })).toThrowError(taken);
    expect(() => apply([child(other, "ship-1"), child(id, "ship-1")])).toThrowError(taken);
  });

  it("are cancelled by id or name without an event; a stranger is refused", () => {
    const cancel = (childId: string | null, name = ""): WorkflowCommand => ({
      ...{ type: "REQUEST_CANCEL_CHILD_WORKFLOW", childId, name, reason: "late" },
    });
    const ours = { kind: "ship", parentId: id, childName: "ship-1" };
    for (const change of [
      apply([cancel(other)], { execution: () => ours }),
      apply([child(other, "ship-1"), cancel(other)]),
      apply([child(other, "ship-1"), cancel(null, "ship-1")]),
    ]) {
      expect([...change.effects.cancelledChildren]).toEqual([[other, "late"]]);
      expect(change.events.filter(({ type }) => type !== "CHILD_WORKFLOW_INITIATED")).toEqual([]);
    }
    const refusal = expect.objectContaining({ code: "WrongState", reason: "NO_SUCH_CHILD" });
    expect(() => apply([cancel(other)])).toThrowError(refusal);
    expect(() => apply([cancel(other)], { execution: () => ({ ...ours, parentId: other }) })).toThrowError(refusal);
    expect(() => apply([cancel(null, "nobody")])).toThrowError(refusal);
  });
});
