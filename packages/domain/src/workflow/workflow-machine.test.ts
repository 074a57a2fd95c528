/**
 * The workflow machine under every interleaving of a worker that claims, reads the history, and submits, with events
 * that arrive from outside, reclaims and repeated submissions.
 * Method: fast-check draws a sequence of steps; a small model of the worker runs beside the machine; the invariants are
 * checked after each step. A failing sequence is printed with its seed.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../errors.js";
import { appendExternal } from "./append-external.js";
import { cancel } from "./cancel.js";
import { claim, release } from "./claim.js";
import type { ActivationOutcome, Submission } from "./commands.js";
import { startWorkflow } from "./start.js";
import {
  type HistoryEvent,
  isWorkflowTerminal,
  type Workflow,
  type WorkflowChange,
  workflowTransitions,
} from "./state.js";
import { submit } from "./submit.js";
import { nothingKnown } from "./submit-effects.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const actor = { type: "system", id: "test" } as const;

function started(): WorkflowChange {
  return startWorkflow(
    {
      id,
      orgId: id,
      kind: "order",
      queue: "default",
      input: Buffer.from("{}"),
      version: null,
      parentId: null,
      childName: null,
      initiatedSequence: null,
      partitionKey: 152,
      rootExecutionId: id,
      traceparent: "",
      hasIdempotencyKey: false,
      createdAtMs: 0,
    },
    actor,
  );
}

/** The workflow with everything written about it so far. */
class Run {
  workflow: Workflow;
  history: HistoryEvent[] = [];
  sortKey = 0;
  status: string | null = null;
  scheduled = new Map<string, { kind: string; workflowId: string }>();

  constructor() {
    const change = started();
    this.workflow = change.next;
    this.apply(change);
  }

  apply(change: WorkflowChange): void {
    for (const transition of change.transitions) {
      expect(transition.sortKey).toBe(this.sortKey + 1);
      expect(transition.from).toBe(this.status);
      if (transition.from !== null) expect(workflowTransitions[transition.from]).toContain(transition.to);
      this.sortKey = transition.sortKey;
      this.status = transition.to;
    }
    this.history.push(...change.events);
    this.workflow = change.next;
    expect(this.status).toBe(this.workflow.status);
    expect(this.history.map((event) => event.sequence)).toEqual(this.history.map((_, index) => index + 1));
    expect(this.workflow.sequence).toBe(this.history.length);
  }
}

interface Activation {
  epoch: number;
  /** Highest sequence the worker has read; it reads some time after its claim. */
  seen: number | undefined;
  sendsEpoch: boolean;
  sendsSeen: boolean;
}

type Step =
  | { do: "claim"; sendsEpoch: boolean; sendsSeen: boolean }
  | { do: "read" }
  | { do: "suspend"; schedules: number }
  | { do: "resend" }
  | { do: "complete" }
  | { do: "external" }
  | { do: "reclaim" }
  | { do: "cancel" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("claim" as const), sendsEpoch: fc.boolean(), sendsSeen: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("read" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant("suspend" as const), schedules: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("resend" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("complete" as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("external" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reclaim" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const) }) },
);

describe("workflow machine", () => {
  it("loses no wake-up and writes no event twice, whatever the interleaving", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const run = new Run();
        let activation: Activation | undefined;
        let lastSubmission: Submission | undefined;
        let lastExternal = 0;
        /** Highest sequence that some applied activation had read when it suspended. */
        let handled = 0;
        let tasks = 0;
        for (const next of steps) {
          if (next.do === "claim" && run.workflow.status === "PENDING") {
            run.apply(claim(run.workflow, "worker"));
            activation = {
              epoch: run.workflow.claimEpoch,
              seen: undefined,
              sendsEpoch: next.sendsEpoch,
              sendsSeen: next.sendsSeen,
            };
          } else if (next.do === "read" && activation !== undefined) {
            activation.seen ??= run.history.length;
          } else if ((next.do === "suspend" || next.do === "complete") && activation?.seen !== undefined) {
            const { epoch, seen, sendsEpoch, sendsSeen } = activation;
            const outcome: ActivationOutcome =
              next.do === "suspend" ? { type: "SUSPENDED" } : { type: "COMPLETED", output: Buffer.from("1") };
            const count = next.do === "suspend" ? next.schedules : 0;
            const submission: Submission = {
              commands: Array.from({ length: count }, () => ({
                type: "SCHEDULE_TASK" as const,
                taskId: `task-${tasks++}`,
                kind: "k",
                input: Buffer.from("1"),
                maxRetries: 3,
                timeoutMs: null,
                queue: null,
                priorityMs: 0,
                retryPolicy: null,
                idempotencyKey: null,
                keyTtlSeconds: 1,
              })),
              outcome,
              ...(sendsEpoch ? { claimEpoch: epoch } : {}),
              ...(sendsSeen ? { seenSequence: seen } : {}),
            };
            const current = run.workflow.status === "RUNNING" && run.workflow.claimEpoch === epoch;
            const applied = trySubmit(run, submission);
            if (current) expect(applied).toBe(true);
            if (current) handled = seen;
            lastSubmission = submission;
            activation = undefined;
          } else if (next.do === "resend" && lastSubmission?.claimEpoch !== undefined) {
            const length = run.history.length;
            trySubmit(run, lastSubmission);
            expect(run.history.length).toBe(length);
          } else if (next.do === "external") {
            const before = run.history.length;
            run.apply(
              appendExternal(run.workflow, [{ type: "TASK_COMPLETED", data: Buffer.from("{}"), wakes: true }], actor),
            );
            if (run.history.length > before) lastExternal = run.history.length;
          } else if (next.do === "reclaim") {
            run.apply(release(run.workflow, "silent"));
          } else if (next.do === "cancel") {
            run.apply(cancel(run.workflow, "no longer wanted", actor));
          }
          const terminal = run.history.filter((event) =>
            /^WORKFLOW_(COMPLETED|EXECUTION_FAILED|CANCELLED)$/.test(event.type),
          );
          expect(terminal.length).toBe(isWorkflowTerminal(run.workflow.status) ? 1 : 0);
          if (terminal.length === 1) expect(run.history.at(-1)).toBe(terminal[0]);
          // The whole lost-wake-up story: who waits has seen everything that came from outside.
          if (run.workflow.status === "WAITING") expect(lastExternal).toBeLessThanOrEqual(handled);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it("wakes again only for what the worker has not seen, when the worker says what it has seen", () => {
    const run = new Run();
    run.apply(claim(run.workflow, "worker"));
    run.apply(appendExternal(run.workflow, [{ type: "TASK_COMPLETED", data: Buffer.from("{}"), wakes: true }], actor));
    const suspended = (seenSequence: number) =>
      submit(run.workflow, { commands: [], outcome: { type: "SUSPENDED" }, seenSequence }, nothingKnown, 0).next.status;
    expect(suspended(1)).toBe("PENDING");
    expect(suspended(2)).toBe("WAITING");
  });

  it("refuses a task id that something else uses, and schedules a known one again without a second event", () => {
    const run = new Run();
    run.apply(claim(run.workflow, "worker"));
    const schedule = {
      type: "SCHEDULE_TASK" as const,
      taskId: "t",
      kind: "charge",
      input: Buffer.from("1"),
      maxRetries: 3,
      timeoutMs: null,
      queue: null,
      priorityMs: 0,
      retryPolicy: null,
      idempotencyKey: null,
      keyTtlSeconds: 1,
    };
    const submission: Submission = { commands: [schedule], outcome: { type: "SUSPENDED" } };
    for (const known of [
      { kind: "charge", workflowId: "another" },
      { kind: "ship", workflowId: id },
      { kind: "charge", workflowId: null },
    ]) {
      expect(() => submit(run.workflow, submission, { ...nothingKnown, task: () => known }, 0)).toThrow(DomainError);
    }
    const again = submit(
      run.workflow,
      submission,
      { ...nothingKnown, task: () => ({ kind: "charge", workflowId: id }) },
      0,
    );
    expect(again.events).toEqual([]);
    expect(again.effects.tasks).toEqual([]);
    const twice = submit(run.workflow, { ...submission, commands: [schedule, schedule] }, nothingKnown, 0);
    expect(twice.events.map((event) => event.type)).toEqual(["TASK_SCHEDULED"]);
    expect(twice.effects.tasks).toHaveLength(1);
  });
});

function trySubmit(run: Run, submission: Submission): boolean {
  try {
    const change = submit(
      run.workflow,
      submission,
      { ...nothingKnown, task: (taskId) => run.scheduled.get(taskId) },
      0,
    );
    run.apply(change);
    for (const task of change.effects.tasks) run.scheduled.set(task.taskId, { kind: task.kind, workflowId: id });
    return change.applied;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}
