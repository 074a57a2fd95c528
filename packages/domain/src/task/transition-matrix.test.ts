/**
 * SP-13: which status follows which. Both machines are put into every status; everything they can be told is tried; the
 * pairs that come out are exactly the pairs of the transition tables.
 */
import { describe, expect, it } from "vitest";
import { DomainError } from "../errors.js";
import { appendExternal } from "../workflow/append-external.js";
import { cancel } from "../workflow/cancel.js";
import { claim, release } from "../workflow/claim.js";
import type { ActivationOutcome } from "../workflow/commands.js";
import { historyLimitsDefault } from "../workflow/history-limit.js";
import { startWorkflow } from "../workflow/start.js";
import { type Workflow, type WorkflowChange, workflowStatuses, workflowTransitions } from "../workflow/state.js";
import { submit } from "../workflow/submit.js";
import { nothingKnown } from "../workflow/submit-effects.js";
import { claimTask, reclaimsMax, releaseTask } from "./claim.js";
import { cancelTask, expireTask } from "./end.js";
import { completeTask, failTask } from "./report.js";
import { type Task, type TaskChange, taskStatuses, taskTransitions } from "./state.js";

const id = "0190a5c0-0000-7000-8000-000000000001";
const actor = { type: "system", id: "test" } as const;
const bytes = Buffer.from("1");

/** Pairs `from → to` that the decisions make out of a subject in each status; refusals are no pairs. */
function pairsOf<Subject extends { status: string }>(
  subjects: readonly Subject[],
  decisions: readonly ((subject: Subject) => { transitions: readonly { from: string | null; to: string }[] })[],
): string[] {
  const pairs = new Set<string>();
  for (const subject of subjects) {
    for (const decide of decisions) {
      try {
        for (const { from, to } of decide(subject).transitions) pairs.add(`${from} → ${to}`);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
      }
    }
  }
  return [...pairs].sort();
}

function pairsIn(table: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(table)
    .flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`))
    .sort();
}

describe("SP-13 transitions", () => {
  it("of a workflow are those of the table", () => {
    const started = startWorkflow(
      {
        id,
        orgId: id,
        kind: "order",
        queue: "default",
        input: bytes,
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
    ).next;
    const outcomes: ActivationOutcome[] = [
      { type: "SUSPENDED" },
      { type: "COMPLETED", output: bytes },
      { type: "FAILED", error: "no", stackTrace: "", failureType: "" },
      { type: "CANCELLED", reason: "" },
    ];
    const subjects: Workflow[] = workflowStatuses.flatMap((status) => [
      { ...started, status },
      { ...started, status, wakePending: true },
    ]);
    const decisions: ((workflow: Workflow) => WorkflowChange)[] = [
      (workflow) => claim(workflow, "worker"),
      (workflow) => release(workflow, "silent"),
      (workflow) => cancel(workflow, "no", actor),
      (workflow) => appendExternal(workflow, [{ type: "TASK_COMPLETED", data: bytes, wakes: true }], actor),
      (workflow) =>
        appendExternal(
          { ...workflow, sequence: 2 * historyLimitsDefault.events },
          [{ type: "TASK_COMPLETED", data: bytes, wakes: true }],
          actor,
        ),
      ...outcomes.map(
        (outcome) => (workflow: Workflow) => submit(workflow, { commands: [], outcome }, nothingKnown, 0),
      ),
    ];
    expect(pairsOf(subjects, decisions)).toEqual(pairsIn(workflowTransitions));
  });

  it("of a task are those of the table", () => {
    const base: Task = {
      id,
      orgId: id,
      workflowId: null,
      kind: "charge",
      queue: "default",
      status: "PENDING",
      executionCount: 1,
      failureCount: 0,
      reclaimCount: 0,
      maxRetries: 1,
      retryPolicy: null,
      claimEpoch: 1,
      workerId: "worker",
      startedAtMs: 0,
      deadlineAtMs: 5,
      availableAtMs: 0,
      scheduledSequence: null,
      transitionCount: 2,
      hasIdempotencyKey: false,
      createdAtMs: 0,
      output: null,
      error: null,
      terminalReason: null,
    };
    const subjects = taskStatuses.flatMap((status): Task[] => [
      { ...base, status },
      { ...base, status, reclaimCount: reclaimsMax },
      { ...base, status, failureCount: 1 },
    ]);
    const decisions: ((task: Task) => TaskChange)[] = [
      (task) => claimTask(task, "worker", 1),
      (task) => releaseTask(task, "silent", 1),
      (task) => cancelTask(task, "no", actor, 1),
      (task) => expireTask(task, 5),
      (task) => completeTask(task, { output: bytes }, 1),
      (task) => completeTask(task, { output: bytes }, 5),
      (task) => completeTask(task, { output: bytes, claimEpoch: 0 }, 1),
      (task) => failTask(task, { error: "no", retryable: true }, 1, 0),
      (task) => failTask(task, { error: "no", retryable: false }, 1, 0),
    ];
    expect(pairsOf(subjects, decisions)).toEqual(pairsIn(taskTransitions));
  });

  it("lead nowhere from a status that ends an execution", () => {
    for (const table of [workflowTransitions, taskTransitions] as Record<string, readonly string[]>[]) {
      for (const status of ["COMPLETED", "FAILED", "CANCELLED"]) expect(table[status]).toEqual([]);
    }
  });
});
