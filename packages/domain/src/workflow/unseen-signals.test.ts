/**
 * Goal: a signal that was accepted is seen by the run that accepted it before that run ends, whatever the order of signals,
 * claims, reads of the history and reports is; and a workflow ends as soon as no more signals come. Approach: examples, and
 * random interleavings with workers that take the signals they see and end at once.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../errors.js";
import { appendExternal } from "./append-external.js";
import { claim, release } from "./claim.js";
import type { ActivationOutcome, Submission, WorkflowCommand } from "./commands.js";
import { signalWorkflow } from "./signal.js";
import { startWorkflow } from "./start.js";
import { isWorkflowTerminal, type Workflow } from "./state.js";
import { submit } from "./submit.js";
import { nothingKnown } from "./submit-effects.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const system = { type: "system", id: "test" } as const;
const completed: ActivationOutcome = { type: "COMPLETED", output: Buffer.from("1") };
const failed: ActivationOutcome = { type: "FAILED", error: "no", stackTrace: "", failureType: "" };
const cancelled: ActivationOutcome = { type: "CANCELLED", reason: "asked to" };

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

const signal = (workflow: Workflow) =>
  signalWorkflow(workflow, { name: "go", value: Buffer.from("1"), signalId: null }, system).next;
const claimed = (workflow: Workflow) => claim(workflow, "worker").next;
const report = (workflow: Workflow, submission: Partial<Submission>) =>
  submit(workflow, { commands: [], outcome: completed, ...submission }, nothingKnown, 0);

describe("an end that does not know of a signal", () => {
  it.each([
    ["COMPLETED", completed],
    ["FAILED", failed],
  ])("as %s is held back, and the workflow is handed out once more", (status, outcome) => {
    const held = claimed(started());
    const seenSequence = held.sequence;
    const first = report(signal(held), { outcome, seenSequence });
    expect([first.next.status, first.next.output, first.next.error]).toEqual(["PENDING", null, null]);
    expect(first.events).toEqual([]);
    expect(first.transitions.at(-1)).toMatchObject({ to: "PENDING", reason: "UNSEEN_SIGNAL" });
    const again = claimed(first.next);
    expect(report(again, { outcome, seenSequence: again.sequence }).next.status).toBe(status);
  });

  it("keeps the commands that came before it, which the next activation replays", () => {
    const held = claimed(started());
    const commands: WorkflowCommand[] = [{ type: "SET_STATE", key: "k", value: Buffer.from("1") }];
    const change = report(signal(held), { commands, seenSequence: held.sequence });
    expect(change.events.map(({ type }) => type)).toEqual(["STATE_SET"]);
    expect(change.effects.stateWrites).toHaveLength(1);
    expect(change.next.status).toBe("PENDING");
  });

  it("ends the workflow all the same as CANCELLED, which is what was asked for", () => {
    const held = claimed(started());
    expect(report(signal(held), { outcome: cancelled, seenSequence: held.sequence }).next.status).toBe("CANCELLED");
  });

  it("is told by what the worker was given where it does not say what it knows", () => {
    const held = claimed(started());
    const during = signal(held);
    expect(report(during, { historySequence: held.sequence }).next.status).toBe("PENDING");
    expect(report(during, { historySequence: during.sequence }).next.status).toBe("COMPLETED");
    // Read at another gateway, or not at all: once more, and no oftener.
    const first = report(during, { historySequence: 0 }).next;
    expect(first.status).toBe("PENDING");
    const second = report(claimed(first), { historySequence: 0 }).next;
    expect(second.status).toBe("PENDING");
    expect(report(claimed(second), { historySequence: 0 }).next.status).toBe("COMPLETED");
  });
});

describe("an end", () => {
  it("is not held back where there was no signal, whatever else came", () => {
    const held = claimed(started());
    const event = { type: "TASK_COMPLETED", data: Buffer.from("{}"), wakes: true };
    const during = appendExternal(held, [event], system).next;
    expect(report(during, { seenSequence: held.sequence }).next.status).toBe("COMPLETED");
    expect(report(during, { historySequence: 0 }).next.status).toBe("COMPLETED");
  });

  it("is not held back by what the submission itself appends", () => {
    const held = claimed(signal(started()));
    const commands: WorkflowCommand[] = [{ type: "SET_STATE", key: "k", value: Buffer.from("1") }];
    expect(report(held, { commands, seenSequence: held.sequence }).next.status).toBe("COMPLETED");
  });
});

type Step = "signal" | "claim" | "read" | "release" | "end" | "fail";
type Knows = "says" | "was given" | "elsewhere";

/** Runs steps against one workflow, skipping those that cannot be; then lets it end without further signals. */
function play(steps: readonly Step[], knows: Knows) {
  let workflow = started();
  let accepted = 0;
  const signals: number[] = [];
  /** What the worker has of the history: 0 until it read it. */
  let seen = 0;
  let rounds = 0;
  const step = (what: Step) => {
    if (what === "signal" && !isWorkflowTerminal(workflow.status)) {
      workflow = signal(workflow);
      signals.push(workflow.sequence);
      accepted += 1;
    } else if (what === "claim" && workflow.status === "PENDING") {
      workflow = claimed(workflow);
      seen = 0;
    } else if (what === "read" && workflow.status === "RUNNING") seen = workflow.sequence;
    else if (what === "release" && workflow.status === "RUNNING") workflow = release(workflow, "test").next;
    else if ((what === "end" || what === "fail") && workflow.status === "RUNNING" && seen > 0) {
      const known = {
        says: { seenSequence: seen },
        "was given": { historySequence: seen },
        elsewhere: { historySequence: 0 },
      };
      workflow = report(workflow, { outcome: what === "end" ? completed : failed, ...known[knows] }).next;
      rounds += 1;
    }
  };
  steps.forEach(step);
  const before = rounds;
  while (!isWorkflowTerminal(workflow.status)) {
    if (rounds - before > 4) throw new Error("it never ends");
    for (const what of ["claim", "read", "end"] as const) step(what);
  }
  return { workflow, accepted, taken: signals.filter((sequence) => sequence <= seen).length };
}

it.each<Knows>(["says", "was given", "elsewhere"])(
  "no signal is lost at an end in 1,500 random orders, and it ends (%s)",
  (knows) => {
    const step = fc.constantFrom<Step>("signal", "signal", "claim", "read", "end", "end", "fail", "release");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { workflow, accepted, taken } = play(steps, knows);
        expect(taken).toBe(accepted);
        expect(() => signal(workflow)).toThrow(DomainError);
      }),
      { numRuns: 1500 },
    );
  },
);
