/** A worker that could not read the history runs from the beginning, asks again for what it had, and waits for its ends. */
import { describe, expect, it } from "vitest";
import { appendExternal } from "./append-external.js";
import { claim } from "./claim.js";
import type { WorkflowCommand } from "./commands.js";
import { signalWorkflow } from "./signal.js";
import { startWorkflow } from "./start.js";
import type { Workflow } from "./state.js";
import { submit } from "./submit.js";
import { nothingKnown, type SubmitFacts } from "./submit-effects.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const taskId = "0190a5c0-0000-7000-8000-000000000002";
const signal = { name: "go", value: Buffer.from("1"), signalId: null };
const system = { type: "system", id: "test" } as const;

function started(): Workflow {
  return startWorkflow(
    {
      ...{ id, orgId: id, kind: "order", queue: "orders", input: Buffer.from("1"), version: null, parentId: null },
      ...{ childName: null, initiatedSequence: null, partitionKey: 0, rootExecutionId: id, traceparent: "" },
      ...{ hasIdempotencyKey: false, createdAtMs: 0 },
    },
    system,
  ).next;
}

/** Claimed after an event came from outside. */
function claimed(workflow: Workflow = started()): Workflow {
  const event = { type: "SIGNAL_RECEIVED", data: Buffer.from("{}"), wakes: true };
  return claim(appendExternal(workflow, [event], system).next, "worker").next;
}

function suspend(workflow: Workflow, command: WorkflowCommand, seenSequence?: number): Workflow {
  const seen = seenSequence === undefined ? {} : { seenSequence };
  return submit(workflow, { commands: [command], outcome: { type: "SUSPENDED" }, ...seen }, everythingKnown, 0).next;
}

const task: WorkflowCommand = {
  ...{ type: "SCHEDULE_TASK", taskId, kind: "t", input: Buffer.from("1"), maxRetries: 3, timeoutMs: null },
  ...{ queue: null, priorityMs: 0, retryPolicy: null, idempotencyKey: null, keyTtlSeconds: 1 },
};
const again: WorkflowCommand[] = [
  task,
  { type: "START_TIMER", timerId: "t", durationMs: 1 },
  {
    ...{ type: "SCHEDULE_CHILD_WORKFLOW", childId: taskId, name: "c", kind: "child", input: Buffer.from("1") },
    ...{ queue: null, priorityMs: 0 },
  },
  { type: "CREATE_PROMISE", promiseId: "new", name: "p", timeoutMs: null, idempotencyKey: "key", keyTtlSeconds: 1 },
];
const everythingKnown: SubmitFacts = {
  ...nothingKnown,
  task: () => ({ kind: "t", workflowId: id }),
  timer: () => ({ status: "FIRED" }),
  execution: () => ({ kind: "child", parentId: id, childName: "c" }),
  promises: () => [{ id: "p", name: "p", status: "RESOLVED" }],
  keyHolder: () => "p",
};

describe("a suspend that asks again", () => {
  it.each(again.map((command) => [command.type, command] as const))(
    "%s: is handed out again, once",
    (_type, command) => {
      const first = suspend(claimed(), command);
      expect(first.status).toBe("PENDING");
      const second = suspend(claim(first, "worker").next, command);
      expect(second.status).toBe("WAITING");
      // The next event counts again.
      expect(suspend(claimed(second), command).status).toBe("PENDING");
    },
  );

  it("waits when nothing came from outside, and when the worker has seen what came", () => {
    expect(suspend(claim(started(), "worker").next, task).status).toBe("WAITING");
    const workflow = claimed();
    expect(suspend(workflow, task, workflow.sequence).status).toBe("WAITING");
    expect(suspend(workflow, task, 1).status).toBe("PENDING");
  });

  it("with nothing to ask for, is handed out again once for each event, where nobody served the history", () => {
    const outcome = { type: "SUSPENDED" } as const;
    const empty = (workflow: Workflow, wasRead: boolean, seen: { seenSequence?: number } = {}) =>
      submit(
        workflow,
        { commands: [], outcome, historySequence: wasRead ? workflow.sequence : 0, ...seen },
        nothingKnown,
        0,
      ).next;
    const signalled = () => claim(signalWorkflow(started(), signal, system).next, "worker").next;
    const first = empty(signalled(), false);
    expect(first.status).toBe("PENDING");
    expect(empty(claim(first, "worker").next, false).status).toBe("WAITING");
    expect(empty(signalled(), true).status).toBe("WAITING");
    expect(empty(signalled(), false, { seenSequence: signalled().sequence }).status).toBe("WAITING");
    expect(empty(claim(started(), "worker").next, false).status).toBe("WAITING");
  });

  it("waits when the call is new", () => {
    const commands = [task, task];
    const { next } = submit(claimed(), { commands, outcome: { type: "SUSPENDED" } }, nothingKnown, 0);
    expect(next.status).toBe("WAITING");
  });
});
