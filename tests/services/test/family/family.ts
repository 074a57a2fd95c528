import {
  type Actor,
  appendExternal,
  cancel,
  cancelTask,
  childEndEvent,
  claim,
  claimTask,
  completeTask,
  DomainError,
  type DurablePromise,
  failTask,
  fireTimer,
  type HistoryEvent,
  isTaskTerminal,
  isWorkflowTerminal,
  type KnownExecution,
  membersCancelled,
  parentTold,
  release,
  releaseTask,
  type ScheduledTask,
  type Settlement,
  type Signal,
  type Submission,
  type SubmitChange,
  type SubmitFacts,
  settlePromise,
  signalWorkflow,
  startWorkflow,
  submit,
  systemActor,
  type Task,
  type TaskChange,
  type TaskTransition,
  type Timer,
  timeOutPromise,
  type Workflow,
  type WorkflowChange,
  type WorkflowTransition,
} from "@flovyn/domain";
import { principalId } from "../cluster.js";
import { refusalOf } from "../model.js";

const caller: Actor = { type: "worker", id: principalId };

export interface ModelWorkflow {
  workflow: Workflow;
  readonly events: HistoryEvent[];
  readonly moves: WorkflowTransition[];
  /** JSON text by key. */
  readonly state: Map<string, string>;
}

/**
 * A root workflow with everything that belongs to it, on the pure machines: what the services have to make of the same
 * calls. What follows from an end in transactions of their own is applied at once: the services have settled before they
 * are compared.
 */
export class Family {
  readonly orgId: string;
  now: number;
  readonly workflows = new Map<string, ModelWorkflow>();
  readonly tasks = new Map<string, Task>();
  readonly taskMoves = new Map<string, TaskTransition[]>();
  readonly timers: Timer[] = [];
  readonly promises: DurablePromise[] = [];
  /** Holder by key. */
  readonly keys = new Map<string, string>();
  readonly signalIds = new Map<string, number>();
  /** Of each task in the submission that scheduled it. */
  readonly #places = new Map<string, number>();

  constructor(facts: { id: string; orgId: string; kind: string; queue: string; input: Buffer; now: number }) {
    this.orgId = facts.orgId;
    this.now = facts.now;
    const { id, kind, queue, input } = facts;
    this.#begin(
      { ...{ id, kind, queue, input, parentId: null, childName: null, initiatedSequence: null }, root: id },
      caller,
    );
  }

  get(id: string): Workflow {
    return (this.workflows.get(id) as ModelWorkflow).workflow;
  }

  all(): Workflow[] {
    return [...this.workflows.values()].map(({ workflow }) => workflow);
  }

  tasksOf(workflowId: string): Task[] {
    return [...this.tasks.values()].filter((task) => task.workflowId === workflowId);
  }

  claim(id: string, workerId: string): boolean {
    if (this.get(id).status !== "PENDING") return false;
    this.#record(claim(this.get(id), workerId));
    return true;
  }

  /** The task that a poller of the workflow's queue gets next. */
  claimTask(workflowId: string, workerId: string): Task | undefined {
    const [task] = this.tasksOf(workflowId)
      .filter(({ status }) => status === "PENDING")
      .sort((a, b) => this.#dispatchUs(a) - this.#dispatchUs(b) || (a.id < b.id ? -1 : 1));
    if (task !== undefined) this.#recordTask(claimTask(task, workerId, this.now));
    return task;
  }

  submit(id: string, submission: Submission): string {
    return refusalOf(() => {
      const before = this.get(id);
      const taken: string[] = [];
      let change: SubmitChange;
      try {
        change = submit(before, submission, this.#facts(before, submission, taken), this.now);
      } catch (error) {
        for (const key of taken) this.keys.delete(key);
        throw error;
      }
      this.#record(change);
      if (change.applied) this.#applyEffects(before, change);
      for (const key of taken) if (!this.#isHeld(key)) this.keys.delete(key);
      this.#settleEnd(id, before);
    });
  }

  signal(id: string, signal: Signal): string {
    return refusalOf(() => {
      const name = `${id}/${signal.signalId}`;
      if (signal.signalId !== null && this.signalIds.has(name)) return;
      const change = signalWorkflow(this.get(id), signal, caller);
      this.#record(change);
      if (signal.signalId !== null) this.signalIds.set(name, change.next.sequence);
    });
  }

  /** True when this call settled it. */
  settle(promise: DurablePromise, settlement: Settlement): boolean {
    const change = settlePromise(promise, settlement);
    if (change === undefined) return false;
    this.#replacePromise(change.next);
    this.#record(appendExternal(this.get(promise.workflowId), [change.event], caller));
    return true;
  }

  cancel(id: string, reason: string, withMembers: boolean): void {
    const before = this.get(id);
    this.#cancelOne(id, reason, caller, withMembers);
    this.#settleEnd(id, before);
  }

  release(id: string, claimEpoch: number): void {
    this.#record(release(this.get(id), "poller gone", claimEpoch));
  }

  complete(id: string, report: { claimEpoch?: number; output: Buffer }): string {
    return this.#changeTask(id, (task) => completeTask(task, report, this.now));
  }

  fail(id: string, report: { claimEpoch?: number; error: string; retryable: boolean }): string {
    return this.#changeTask(id, (task) => failTask(task, report, this.now, 0.5));
  }

  cancelTask(id: string): string {
    return this.#changeTask(id, (task) => {
      if (isTaskTerminal(task.status) && task.status !== "CANCELLED") throw new DomainError("WrongState", "ended");
      return cancelTask(task, "cancelled by request", caller, this.now);
    });
  }

  releaseTask(id: string, claimEpoch: number): string {
    return this.#changeTask(id, (task) => releaseTask(task, "poller gone", this.now, claimEpoch));
  }

  /** When the next thing of the family is due; undefined when nothing is. */
  nextDue(): number | undefined {
    const due = [
      ...this.timers.filter(({ status }) => status === "ARMED").map(({ fireAtMs }) => fireAtMs),
      ...this.promises.filter(({ status }) => status === "OPEN").flatMap(({ timeoutAtMs }) => timeoutAtMs ?? []),
    ];
    return due.length === 0 ? undefined : Math.min(...due);
  }

  isDue(at: number): boolean {
    return this.timers.some(({ fireAtMs }) => fireAtMs === at) || this.promises.some((one) => one.timeoutAtMs === at);
  }

  /** Fires what is due at the present time. */
  fireDue(): void {
    for (const timer of [...this.timers]) {
      const change = fireTimer(timer, this.now);
      if (change === undefined) continue;
      this.timers[this.timers.indexOf(timer)] = change.next;
      this.#record(appendExternal(this.get(timer.workflowId), [change.event], systemActor("timer")));
    }
    for (const promise of [...this.promises]) {
      const change = timeOutPromise(promise, this.now);
      if (change === undefined) continue;
      this.#replacePromise(change.next);
      this.#record(appendExternal(this.get(promise.workflowId), [change.event], systemActor("promise-timeout")));
    }
  }

  #facts(workflow: Workflow, submission: Submission, taken: string[]): SubmitFacts {
    const mine =
      workflow.status === "RUNNING" && (submission.claimEpoch ?? workflow.claimEpoch) === workflow.claimEpoch;
    for (const command of mine ? submission.commands : []) {
      if (command.type !== "CREATE_PROMISE" || command.idempotencyKey === null) continue;
      if (this.keys.has(command.idempotencyKey)) continue;
      this.keys.set(command.idempotencyKey, command.promiseId);
      taken.push(command.idempotencyKey);
    }
    return {
      // One org: no id is in use elsewhere.
      taskId: (chosen) => chosen,
      executionId: (chosen) => chosen,
      task: (id) => this.tasks.get(id),
      timer: (timerId) => this.timers.find((one) => one.workflowId === workflow.id && one.timerId === timerId),
      execution: (id): KnownExecution | undefined => {
        const known = this.workflows.get(id)?.workflow;
        return known && { kind: known.kind, parentId: known.parentId, childName: known.childName };
      },
      childNamed: (name) => this.all().find((one) => one.parentId === workflow.id && one.childName === name)?.id,
      promises: (idOrName) =>
        this.promises.filter((one) => one.workflowId === workflow.id && (one.id === idOrName || one.name === idOrName)),
      keyHolder: (key) => this.keys.get(key),
    };
  }

  #isHeld(key: string): boolean {
    const holder = this.keys.get(key);
    return this.promises.some(({ id }) => id === holder);
  }

  #applyEffects(workflow: Workflow, { effects }: SubmitChange): void {
    const { id: workflowId } = workflow;
    const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
    effects.tasks.forEach((task, place) => {
      this.#createTask(workflow, task);
      this.#places.set(task.taskId, place);
    });
    const { state } = this.workflows.get(workflowId) as ModelWorkflow;
    for (const { key, value } of effects.stateWrites) {
      if (value === null) state.delete(key);
      else state.set(key, Buffer.from(value).toString());
    }
    for (const { timerId, fireAtMs } of effects.timers) {
      this.timers.push({ id: "", workflowId, timerId, fireAtMs, status: "ARMED" });
    }
    this.#endTimers((timer) => timer.workflowId === workflowId && effects.cancelledTimers.has(timer.timerId));
    for (const { promiseId: id, name, timeoutAtMs } of effects.promises) {
      const open = { status: "OPEN", value: null, error: null, timeoutAtMs } as const;
      this.promises.push({ id, orgId: this.orgId, workflowId, name, ...open });
    }
    for (const [id, value] of effects.resolvedPromises) {
      const promise = this.promises.find((one) => one.id === id) as DurablePromise;
      this.#replacePromise({ ...promise, status: "RESOLVED", value });
    }
    for (const { childId, kind, queue, name, input, initiatedSequence } of effects.children) {
      const child = { id: childId, kind, queue, input: Buffer.from(input), parentId: workflowId, childName: name };
      this.#begin({ ...child, initiatedSequence, root: workflow.rootExecutionId }, actor);
    }
    for (const [childId, reason] of effects.cancelledChildren) {
      const child = this.get(childId);
      this.#cancelOne(childId, reason, actor, true);
      this.#settleEnd(childId, child);
    }
  }

  /** What the services do in transactions after the one of the end. */
  #settleEnd(id: string, before: Workflow): void {
    const ended = this.get(id);
    if (!isWorkflowTerminal(ended.status) || isWorkflowTerminal(before.status)) return;
    this.#endTimers((timer) => timer.workflowId === id);
    for (const promise of this.promises.filter((one) => one.workflowId === id)) {
      if (promise.status === "OPEN" || ended.status !== "COMPLETED") {
        for (const [key, holder] of this.keys) if (holder === promise.id) this.keys.delete(key);
      }
      if (promise.status === "OPEN") this.#replacePromise({ ...promise, status: "CANCELLED" });
    }
    if (ended.owesMembers) {
      const { reason, by } = ended.cancellation ?? { reason: "", by: "" };
      const actor: Actor = { type: "system", id: by };
      this.#cancelTasks(id, reason, actor);
      for (const child of this.all().filter((one) => one.parentId === id)) {
        this.#cancelOne(child.id, reason, actor, true);
        this.#settleEnd(child.id, child);
      }
      this.#replace(membersCancelled(this.get(id)));
    }
    if (ended.owesParent) {
      const { output, error } = ended;
      const end = childEndEvent({
        ...{ id, kind: ended.kind, name: ended.childName ?? "", output, error },
        ...{ status: ended.status as "COMPLETED", cancellationReason: ended.cancellation?.reason ?? null },
      });
      this.#record(appendExternal(this.get(ended.parentId ?? ""), [end], systemActor("child")));
      this.#replace(parentTold(this.get(id)));
    }
  }

  #cancelOne(id: string, reason: string, actor: Actor, withMembers: boolean): void {
    const change = cancel(this.get(id), reason, actor, { withMembers });
    this.#record(change);
    if (change.transitions.length > 0) this.#cancelTasks(id, reason, actor);
  }

  #cancelTasks(workflowId: string, reason: string, actor: Actor): void {
    for (const task of this.tasksOf(workflowId)) this.#recordTask(cancelTask(task, reason, actor, this.now));
  }

  #endTimers(isMeant: (timer: Timer) => boolean): void {
    this.timers.forEach((timer, index) => {
      if (timer.status === "ARMED" && isMeant(timer)) this.timers[index] = { ...timer, status: "CANCELLED" };
    });
  }

  #replacePromise(next: DurablePromise): void {
    this.promises[this.promises.findIndex(({ id }) => id === next.id)] = next;
  }

  #begin(
    facts: Pick<Workflow, "id" | "kind" | "queue" | "parentId" | "childName" | "initiatedSequence"> & {
      input: Buffer;
      root: string;
    },
    actor: Actor,
  ): void {
    const { root, ...rest } = facts;
    const started = startWorkflow(
      {
        ...{ ...rest, orgId: this.orgId, version: null, rootExecutionId: root },
        ...{ partitionKey: 0, traceparent: "", hasIdempotencyKey: false, createdAtMs: this.now },
      },
      actor,
    );
    this.workflows.set(facts.id, { workflow: started.next, events: [], moves: [], state: new Map() });
    this.#record(started);
  }

  /** Tasks of one submission are dated a microsecond apart, in the order of its commands; those of several may be dated alike. */
  #dispatchUs(task: Task): number {
    const createdUs = task.createdAtMs * 1000 + (this.#places.get(task.id) ?? 0);
    return Math.max(createdUs, task.availableAtMs * 1000);
  }

  #createTask(workflow: Workflow, task: ScheduledTask): void {
    this.tasks.set(task.taskId, {
      ...{ id: task.taskId, orgId: this.orgId, workflowId: workflow.id, kind: task.kind, queue: task.queue },
      ...{ status: "PENDING", executionCount: 0, failureCount: 0, reclaimCount: 0, maxRetries: task.maxRetries },
      ...{ retryPolicy: null, claimEpoch: 0, workerId: null, startedAtMs: null, deadlineAtMs: null },
      ...{ availableAtMs: this.now, scheduledSequence: task.scheduledSequence, transitionCount: 1 },
      ...{ hasIdempotencyKey: false, createdAtMs: this.now, output: null, error: null, terminalReason: null },
    });
    const by = { type: "worker", id: workflow.workerId ?? "" } as const;
    const moved = {
      from: null,
      to: "PENDING",
      actor: by,
      reason: null,
      attempt: 0,
      claimEpoch: 0,
      sortKey: 1,
    } as const;
    this.taskMoves.set(task.taskId, [moved]);
  }

  #changeTask(id: string, decide: (task: Task) => TaskChange): string {
    return refusalOf(() => {
      const task = this.tasks.get(id) as Task;
      const change = decide(task);
      this.#recordTask(change);
      const workflow = this.get(task.workflowId ?? "");
      this.#record(appendExternal(workflow, change.workflowEvents, caller));
    });
  }

  #record(change: WorkflowChange): void {
    const model = this.workflows.get(change.next.id) as ModelWorkflow;
    model.workflow = change.next;
    model.events.push(...change.events);
    model.moves.push(...change.transitions);
  }

  #replace(next: Workflow): void {
    (this.workflows.get(next.id) as ModelWorkflow).workflow = next;
  }

  #recordTask(change: TaskChange): void {
    this.tasks.set(change.next.id, change.next);
    this.taskMoves.get(change.next.id)?.push(...change.transitions);
  }
}
