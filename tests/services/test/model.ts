import {
  appendExternal,
  cancel,
  cancelTask,
  claim,
  claimTask,
  completeTask,
  DomainError,
  failTask,
  type HistoryEvent,
  isTaskTerminal,
  nothingKnown,
  partitionOf,
  release,
  releaseTask,
  type ScheduledTask,
  type Submission,
  startWorkflow,
  submit,
  type Task,
  type TaskChange,
  type TaskTransition,
  type Workflow,
  type WorkflowChange,
  type WorkflowTransition,
} from "@flovyn/domain";
import { principalId } from "./cluster.js";

const actor = { type: "worker", id: principalId } as const;
export const cancelReason = "no longer wanted";

/** One workflow and its tasks on the pure machines, with everything they ever wrote. */
export class Model {
  workflow: Workflow;
  readonly now: number;
  readonly tasks = new Map<string, Task>();
  readonly events: HistoryEvent[] = [];
  readonly moves: WorkflowTransition[] = [];
  readonly taskMoves = new Map<string, TaskTransition[]>();

  constructor(facts: { id: string; orgId: string; kind: string; queue: string; input: Buffer; now: number }) {
    this.now = facts.now;
    const started = startWorkflow(
      {
        ...{ id: facts.id, orgId: facts.orgId, kind: facts.kind, queue: facts.queue, input: facts.input },
        ...{
          version: null,
          parentId: null,
          childName: null,
          initiatedSequence: null,
          partitionKey: partitionOf(facts.id),
          rootExecutionId: facts.id,
        },
        ...{ traceparent: "", hasIdempotencyKey: false, createdAtMs: this.now },
      },
      actor,
    );
    this.workflow = started.next;
    this.#record(started);
  }

  /** What a poller may get: with the clock at rest, submissions have no order among one another. */
  claimable(): string[] {
    return [...this.tasks.values()].filter((task) => task.status === "PENDING").map(({ id }) => id);
  }

  claim(workerId: string): boolean {
    if (this.workflow.status !== "PENDING") return false;
    this.#record(claim(this.workflow, workerId));
    return true;
  }

  claimTask(id: string, workerId: string): void {
    this.#recordTask(claimTask(this.tasks.get(id) as Task, workerId, this.now));
  }

  submit(submission: Submission): string {
    return refusalOf(() => {
      const task = (id: string) => this.tasks.get(id);
      const change = submit(this.workflow, submission, { ...nothingKnown, task }, this.now);
      const creator = this.workflow.workerId ?? "";
      this.#record(change);
      for (const task of change.effects.tasks) this.#create(task, creator);
    });
  }

  complete(id: string, report: { claimEpoch?: number; output: Buffer }): string {
    return this.#change(id, (task) => completeTask(task, report, this.now));
  }

  fail(id: string, report: { claimEpoch?: number; error: string; retryable: boolean }): string {
    return this.#change(id, (task) => failTask(task, report, this.now, 0.5));
  }

  cancelTask(id: string): string {
    return this.#change(id, (task) => {
      if (isTaskTerminal(task.status) && task.status !== "CANCELLED") throw new DomainError("WrongState", "ended");
      return cancelTask(task, "cancelled by request", actor, this.now);
    });
  }

  releaseTask(id: string, claimEpoch: number): string {
    return this.#change(id, (task) => releaseTask(task, "poller gone", this.now, claimEpoch));
  }

  release(claimEpoch: number): void {
    this.#record(release(this.workflow, "poller gone", claimEpoch));
  }

  cancel(): void {
    const change = cancel(this.workflow, cancelReason, actor);
    this.#record(change);
    if (change.transitions.length === 0) return;
    for (const task of this.tasks.values()) this.#recordTask(cancelTask(task, cancelReason, actor, this.now));
  }

  #change(id: string, decide: (task: Task) => TaskChange): string {
    return refusalOf(() => {
      const task = this.tasks.get(id);
      if (task === undefined) throw new DomainError("NotFound", "unknown");
      const change = decide(task);
      this.#recordTask(change);
      this.#record(appendExternal(this.workflow, change.workflowEvents, actor));
    });
  }

  #create(task: ScheduledTask, creator: string): void {
    this.tasks.set(task.taskId, {
      ...{ id: task.taskId, orgId: this.workflow.orgId, workflowId: this.workflow.id, kind: task.kind },
      ...{ queue: task.queue, status: "PENDING", executionCount: 0, failureCount: 0, reclaimCount: 0 },
      ...{ maxRetries: task.maxRetries, retryPolicy: null, claimEpoch: 0, workerId: null, startedAtMs: null },
      ...{ deadlineAtMs: null, availableAtMs: this.now, scheduledSequence: task.scheduledSequence },
      ...{
        transitionCount: 1,
        hasIdempotencyKey: false,
        createdAtMs: this.now,
        output: null,
        error: null,
        terminalReason: null,
      },
    });
    const by = { type: "worker", id: creator } as const;
    const first = {
      from: null,
      to: "PENDING",
      actor: by,
      reason: null,
      attempt: 0,
      claimEpoch: 0,
      sortKey: 1,
    } as const;
    this.taskMoves.set(task.taskId, [first]);
  }

  #record(change: WorkflowChange): void {
    this.workflow = change.next;
    this.events.push(...change.events);
    this.moves.push(...change.transitions);
  }

  #recordTask(change: TaskChange): void {
    this.tasks.set(change.next.id, change.next);
    this.taskMoves.get(change.next.id)?.push(...change.transitions);
  }
}

/** "OK", or the code of the refusal. */
export function refusalOf(decide: () => void): string {
  try {
    decide();
    return "OK";
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
