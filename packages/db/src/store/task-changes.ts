import { isTaskTerminal, newId, type Task, type TaskChange } from "@flovyn/domain";
import type { Transaction } from "../database.js";
import { amendAttempts } from "./amended-attempts.js";
import { deleteKeysOfTasks } from "./keys.js";
import { type AttemptRow, type SavedTaskRow, saveLockedTasks } from "./tasks.js";
import { keepLastMostRecent, type TransitionRow, toTransitionRows } from "./transition-rows.js";
import type { Wake } from "./workflow-changes.js";

/** What one transaction does to the tasks it locked; the counterpart of WorkflowChanges. */
export class TaskChanges {
  readonly #current: Map<string, Task>;
  readonly #touched = new Set<string>();
  readonly #attempts: AttemptRow[] = [];
  readonly #amended: AttemptRow[] = [];
  readonly #transitions: TransitionRow[] = [];
  readonly #cancellations = new Map<string, { reason: string; by: string }>();

  constructor(locked: Map<string, Task>) {
    this.#current = new Map(locked);
  }

  /** The task as the decisions so far left it; undefined when no such row was locked. */
  get(id: string): Task | undefined {
    return this.#current.get(id);
  }

  /** All locked tasks, as the decisions so far left them. */
  all(): Task[] {
    return [...this.#current.values()];
  }

  add(change: TaskChange, cancellation?: { reason: string; by: string }): void {
    const { next, transitions, attempt } = change;
    if (transitions.length === 0) return;
    this.#current.set(next.id, next);
    this.#touched.add(next.id);
    this.#transitions.push(...toTransitionRows(next, transitions));
    if (cancellation !== undefined) this.#cancellations.set(next.id, cancellation);
    if (attempt === null) return;
    (attempt.amends ? this.#amended : this.#attempts).push({
      id: newId(),
      orgId: next.orgId,
      taskId: next.id,
      attempt: attempt.attempt,
      attemptType: attempt.attempt === 1 ? "initial" : "retry",
      workerId: attempt.workerId,
      claimEpoch: attempt.claimEpoch,
      status: attempt.status,
      output: attempt.output,
      error: attempt.error,
      startedAt: attempt.startedAtMs,
      finishedAt: attempt.finishedAtMs,
    });
  }

  /** Sends the writes of all decisions; the transaction's commit waits for them. */
  write(tx: Transaction, now: number): void {
    if (this.#touched.size === 0) return;
    const tasks = [...this.#touched].map((id) => this.#current.get(id) as Task);
    tx.defer(
      saveLockedTasks(tx, {
        now,
        task: tasks.map((task) => this.#toSavedRow(task)),
        attempt: this.#attempts,
        transition: keepLastMostRecent(this.#transitions),
      }),
    );
    amendAttempts(tx, this.#amended);
    const released = tasks.filter(
      (task) => task.hasIdempotencyKey && isTaskTerminal(task.status) && task.status !== "COMPLETED",
    );
    if (released.length > 0)
      tx.defer(
        deleteKeysOfTasks(
          tx,
          released.map((task) => task.id),
        ),
      );
  }

  /** Tasks that are PENDING again: their queue gets a hint when they may be claimed. */
  pending(): Task[] {
    return [...this.#touched].flatMap((id) => {
      const task = this.#current.get(id);
      return task?.status === "PENDING" ? [task] : [];
    });
  }

  /** Tasks that these changes made terminal. */
  ended(): Task[] {
    return [...this.#touched].flatMap((id) => {
      const task = this.#current.get(id);
      return task !== undefined && isTaskTerminal(task.status) ? [task] : [];
    });
  }

  wakes(now: number): Wake[] {
    return this.pending()
      .filter((task) => task.availableAtMs <= now)
      .map((task) => ({ kind: "task" as const, orgId: task.orgId, queue: task.queue }));
  }

  #toSavedRow(task: Task): SavedTaskRow {
    const cancellation = this.#cancellations.get(task.id);
    return {
      id: task.id,
      status: task.status,
      claimEpoch: task.claimEpoch,
      workerId: task.workerId,
      failureCount: task.failureCount,
      reclaimCount: task.reclaimCount,
      transitionCount: task.transitionCount,
      availableAt: task.availableAtMs,
      output: task.output,
      error: task.error,
      terminalReason: task.terminalReason,
      cancelledBy: cancellation?.by ?? null,
      cancellationReason: cancellation?.reason ?? null,
      terminal: isTaskTerminal(task.status),
    };
  }
}
