/**
 * The task machine under every interleaving of claims, reports with and without a claim epoch, late and repeated reports,
 * reclaims, cancelling and the deadline.
 * Method: fast-check draws steps; what each step may do follows from a few counters kept beside the machine; the
 * invariants are checked after each step. A failing sequence is printed with its seed.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DomainError } from "../errors.js";
import { claimTask, reclaimsMax, releaseTask } from "./claim.js";
import { cancelTask, expireTask } from "./end.js";
import { completeTask, failTask } from "./report.js";
import { isTaskTerminal, type Task, type TaskChange, taskTransitions } from "./state.js";

const user = { type: "user", id: "somebody" } as const;
const output = Buffer.from("1");

function newTask(facts: Partial<Task> = {}): Task {
  return {
    id: "0190a5c0-0000-7000-8000-000000000002",
    orgId: "0190a5c0-0000-7000-8000-000000000001",
    workflowId: "0190a5c0-0000-7000-8000-000000000003",
    kind: "charge",
    queue: "default",
    status: "PENDING",
    executionCount: 0,
    failureCount: 0,
    reclaimCount: 0,
    maxRetries: 3,
    retryPolicy: null,
    claimEpoch: 0,
    workerId: null,
    startedAtMs: null,
    deadlineAtMs: null,
    availableAtMs: 0,
    scheduledSequence: 2,
    transitionCount: 1,
    hasIdempotencyKey: false,
    createdAtMs: 0,
    output: null,
    error: null,
    terminalReason: null,
    ...facts,
  };
}

const isReclaimed = (attempt: { status: string; wasReclaimed?: true }) =>
  attempt.status === "RECLAIMED" || attempt.wasReclaimed === true;

/** A task with everything written about it so far. */
class Run {
  task: Task;
  attempts: { attempt: number; status: string; wasReclaimed?: true }[] = [];
  workflowEvents: string[] = [];

  constructor(facts: Partial<Task> = {}) {
    this.task = newTask(facts);
  }

  apply(change: TaskChange): void {
    const before = this.task;
    for (const [index, transition] of change.transitions.entries()) {
      expect(transition.sortKey).toBe(before.transitionCount + index + 1);
      if (transition.from !== null) expect(taskTransitions[transition.from]).toContain(transition.to);
    }
    if (change.attempt?.amends) this.attempts[change.attempt.attempt - 1] = { ...change.attempt, wasReclaimed: true };
    else if (change.attempt !== null) this.attempts.push(change.attempt);
    this.workflowEvents.push(...change.workflowEvents.map((event) => event.type));
    this.task = change.next;
    expect(this.task.claimEpoch).toBeGreaterThanOrEqual(before.claimEpoch);
    if (isTaskTerminal(before.status)) expect(change.transitions).toEqual([]);
  }

  /** Applies a decision that may be refused; true when it changed something. */
  try(decide: (task: Task) => TaskChange): boolean {
    try {
      const change = decide(this.task);
      this.apply(change);
      return change.transitions.length > 0;
    } catch (error) {
      if (error instanceof DomainError) return false;
      throw error;
    }
  }

  check(): void {
    const { task } = this;
    const ended = task.status === "RUNNING" ? task.executionCount - 1 : task.executionCount;
    expect(this.attempts.map((attempt) => attempt.attempt)).toEqual(Array.from({ length: ended }, (_, i) => i + 1));
    const failures = this.attempts.filter((attempt) => attempt.status === "FAILED").length;
    expect(task.failureCount).toBe(failures);
    expect(task.failureCount).toBeLessThanOrEqual(task.maxRetries + 1);
    expect(task.reclaimCount).toBe(this.attempts.filter(isReclaimed).length);
    // A reader of the history learns the end once, and only the end.
    const ends = this.workflowEvents.filter((type) => type === "TASK_COMPLETED" || type === "TASK_FAILED");
    expect(ends).toEqual(
      isTaskTerminal(task.status) ? [task.status === "COMPLETED" ? "TASK_COMPLETED" : "TASK_FAILED"] : [],
    );
    expect(this.workflowEvents.includes("TASK_CANCELLED")).toBe(task.status === "CANCELLED");
  }
}

const epoch = fc.constantFrom("none" as const, "current" as const, "first" as const, "previous" as const);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("claim" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("complete" as const), epoch }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("fail" as const), epoch, retryable: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("repeat" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("release" as const), epoch }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.integer({ min: 1, max: 400 }) }) },
);

describe("task machine", () => {
  it("SP-73 ends each task once, fences late reports and counts attempts without gaps", () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 0, max: 3 }),
        fc.option(fc.integer({ min: 1, max: 2_000 })),
        (steps, maxRetries, deadlineAtMs) => {
          const run = new Run({ maxRetries, deadlineAtMs });
          const epochs: number[] = [];
          let now = 0;
          let applied: ((task: Task) => TaskChange) | undefined;
          for (const next of steps) {
            const { task } = run;
            const current = epochs.at(-1);
            const sent =
              !("epoch" in next) || next.epoch === "none"
                ? undefined
                : next.epoch === "current"
                  ? current
                  : next.epoch === "first"
                    ? epochs[0]
                    : epochs.at(-2);
            const fits = task.status === "RUNNING" && (sent === undefined || sent === task.claimEpoch);
            const isLast = run.attempts.at(-1)?.attempt === task.executionCount;
            const wasTakenBack = task.status === "PENDING" && isLast && run.attempts.at(-1)?.status === "RECLAIMED";
            const late = next.do === "complete" && wasTakenBack && sent !== undefined && sent === current;
            const at = now;
            if (next.do === "claim") {
              // The claim statement passes over tasks whose deadline is gone.
              if (task.status !== "PENDING" || (deadlineAtMs !== null && deadlineAtMs <= now)) continue;
              run.apply(claimTask(task, "worker", now));
              epochs.push(run.task.claimEpoch);
            } else if (next.do === "complete" || next.do === "fail") {
              const claim = sent === undefined ? {} : { claimEpoch: sent };
              const decide = (seen: Task): TaskChange =>
                next.do === "complete"
                  ? completeTask(seen, { ...claim, output }, at)
                  : failTask(seen, { ...claim, error: "no", retryable: next.retryable }, at, 0.5);
              expect(run.try(decide)).toBe(fits || late);
              if ((fits || late) && sent !== undefined) applied = decide;
            } else if (next.do === "repeat" && applied !== undefined) {
              // The same report once more never does anything, whatever happened in between.
              expect(run.try(applied)).toBe(false);
            } else if (next.do === "release") {
              run.apply(releaseTask(task, "silent", now, sent));
              expect(run.task.status).toBe(fits ? "PENDING" : task.status);
            } else if (next.do === "cancel") {
              run.apply(cancelTask(task, "no longer wanted", user, now));
              expect(isTaskTerminal(run.task.status)).toBe(true);
            } else if (next.do === "expire") {
              run.apply(expireTask(task, now));
              if (deadlineAtMs !== null && deadlineAtMs <= now) expect(isTaskTerminal(run.task.status)).toBe(true);
            } else if (next.do === "tick") {
              now += next.ms;
            }
            run.check();
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each([
    { maxRetries: 0, attempts: 1 },
    { maxRetries: 1, attempts: 2 },
    { maxRetries: 3, attempts: 4 },
  ])(
    "SP-70 max_retries $maxRetries allows $attempts failed attempts, reclaims in between cost none",
    ({ maxRetries, attempts }) => {
      const run = new Run({ maxRetries });
      let failures = 0;
      while (!isTaskTerminal(run.task.status)) {
        run.apply(claimTask(run.task, "worker", 0));
        run.apply(releaseTask(run.task, "silent", 0));
        run.apply(claimTask(run.task, "worker", 0));
        run.apply(failTask(run.task, { error: "no", retryable: true }, 0, 0));
        failures += 1;
        run.check();
      }
      expect(failures).toBe(attempts);
      expect(run.task).toMatchObject({ status: "FAILED", executionCount: 2 * attempts, reclaimCount: attempts });
    },
  );

  it("does not retry what the worker calls final", () => {
    const run = new Run({ maxRetries: 3 });
    run.apply(claimTask(run.task, "worker", 0));
    run.apply(failTask(run.task, { error: "card expired", retryable: false }, 0, 0));
    expect(run.task).toMatchObject({ status: "FAILED", failureCount: 1, error: "card expired" });
  });

  it("SP-74 accepts the same complete twice and refuses another outcome for the same claim", () => {
    const run = new Run();
    run.apply(claimTask(run.task, "worker", 0));
    const { claimEpoch } = run.task;
    run.apply(completeTask(run.task, { claimEpoch, output }, 0));
    const again = completeTask(run.task, { claimEpoch, output }, 1);
    expect([again.next, again.transitions, again.workflowEvents]).toEqual([run.task, [], []]);
    const other = () => failTask(run.task, { claimEpoch, error: "no", retryable: true }, 1, 0);
    expect(other).toThrow(expect.objectContaining({ code: "WrongState", reason: "ALREADY_ENDED" }));
  });

  it("SP-78 accepts a complete of a lease that ran out while nobody else took the task", () => {
    const run = new Run();
    run.apply(claimTask(run.task, "worker", 0));
    const late = 3_600_000;
    run.apply(completeTask(run.task, { claimEpoch: run.task.claimEpoch, output }, late));
    expect(run.task.status).toBe("COMPLETED");
  });

  it("accepts the complete of a worker whose task was taken back, until another one has it", () => {
    const run = new Run();
    run.apply(claimTask(run.task, "blocked", 0));
    const { claimEpoch } = run.task;
    run.apply(releaseTask(run.task, "lease expired", 1));
    expect(() => failTask(run.task, { claimEpoch, error: "no", retryable: true }, 2, 0)).toThrow("another worker");
    run.apply(completeTask(run.task, { claimEpoch, output }, 2));
    expect(run.task).toMatchObject({ status: "COMPLETED", output, workerId: null });
    expect(run.attempts).toMatchObject([{ attempt: 1, status: "COMPLETED", workerId: "blocked", claimEpoch }]);
    expect(run.workflowEvents).toEqual(["TASK_COMPLETED"]);
    expect(completeTask(run.task, { claimEpoch, output }, 3).transitions).toEqual([]);
  });

  it("refuses the complete of an attempt that failed and waits for its retry", () => {
    const run = new Run();
    run.apply(claimTask(run.task, "a", 0));
    const { claimEpoch } = run.task;
    run.apply(failTask(run.task, { claimEpoch, error: "no", retryable: true }, 1, 0));
    run.apply(claimTask(run.task, "b", 2));
    run.apply(failTask(run.task, { error: "no", retryable: true }, 3, 0));
    expect(() => completeTask(run.task, { claimEpoch, output }, 4)).toThrow(
      expect.objectContaining({ code: "StaleClaim" }),
    );
  });

  it("SP-73 refuses the complete of a worker whose task was handed to another one", () => {
    const run = new Run();
    run.apply(claimTask(run.task, "slow", 0));
    const { claimEpoch } = run.task;
    run.apply(releaseTask(run.task, "silent", 1));
    const late = () => completeTask(run.task, { claimEpoch, output }, 2);
    run.apply(claimTask(run.task, "quick", 2));
    expect(late).toThrow(expect.objectContaining({ code: "StaleClaim", reason: "STALE_LEASE" }));
    run.apply(completeTask(run.task, { claimEpoch: run.task.claimEpoch, output }, 3));
    expect(late).toThrow(expect.objectContaining({ code: "WrongState", reason: "NOT_ACTIVE" }));
    expect(run.workflowEvents).toEqual(["TASK_COMPLETED"]);
  });

  it("SP-77 fails at the reclaim after the last allowed one", () => {
    const run = new Run({ maxRetries: 0 });
    for (let reclaim = 1; reclaim <= reclaimsMax + 1; reclaim++) {
      expect(run.task.status).toBe("PENDING");
      run.apply(claimTask(run.task, "worker", 0));
      run.apply(releaseTask(run.task, "silent", 0));
      run.check();
    }
    expect(reclaimsMax).toBe(100);
    expect(run.task).toMatchObject({ status: "FAILED", terminalReason: "MAX_RECLAIMS", failureCount: 0 });
  });

  it("SP-75 expires a task past its deadline, also when its worker completes it first", () => {
    const pending = expireTask(newTask({ deadlineAtMs: 10 }), 10);
    expect(pending.next).toMatchObject({ status: "FAILED", terminalReason: "DEADLINE" });
    expect(pending.next.error).toContain("timed out");
    expect(expireTask(newTask({ deadlineAtMs: 10 }), 9).transitions).toEqual([]);
    const running = claimTask(newTask({ deadlineAtMs: 10 }), "worker", 0).next;
    const late = completeTask(running, { claimEpoch: running.claimEpoch, output }, 10);
    expect(late.next).toMatchObject({ status: "FAILED", terminalReason: "DEADLINE", output: null });
    expect(late.attempt).toMatchObject({ attempt: 1, status: "TIMEOUT" });
  });

  it("moves availability, not the deadline, when it waits for a retry", () => {
    const retryPolicy = { strategy: "fixed", baseMs: 500, multiplier: 2, maxMs: 30_000, jitter: 0 } as const;
    const running = claimTask(newTask({ deadlineAtMs: 10_000, retryPolicy }), "worker", 0).next;
    const failed = failTask(running, { error: "no", retryable: true }, 100, 0.5);
    expect(failed.next).toMatchObject({ status: "PENDING", availableAtMs: 600, deadlineAtMs: 10_000 });
  });

  it("leaves no trace in a history it does not stand in", () => {
    for (const facts of [{ workflowId: null }, { scheduledSequence: null }]) {
      const running = claimTask(newTask(facts), "worker", 0).next;
      expect(completeTask(running, { output }, 0).workflowEvents).toEqual([]);
      expect(cancelTask(running, "no", user, 0).workflowEvents).toEqual([]);
    }
  });
});
