import {
  appendExternal,
  type DurablePromise,
  type ExternalEvent,
  type HistoryEvent,
  systemActor,
  type Task,
  type TaskChange,
  type Timer,
  type Workflow,
  type WorkflowChange,
} from "@flovyn/domain";
import type { TaskRecord } from "../task-record.js";
import { DueQueue } from "./due-queue.js";

/** A workflow execution with everything that belongs to it. */
export interface Execution {
  workflow: Workflow;
  readonly input: Uint8Array;
  readonly events: HistoryEvent[];
  /** JSON bytes by key. */
  readonly state: Map<string, Uint8Array>;
  /** By the worker's name for them. */
  readonly timers: Map<string, Timer>;
  /** Oldest first. */
  readonly promises: DurablePromise[];
  /** Sequences of signals by the id that the caller chose. */
  readonly signalIds: Map<string, number>;
  /** The idempotency key it was started with. */
  readonly key: string | undefined;
}

export interface TaskEntry {
  task: Task;
  readonly input: Uint8Array;
  readonly state: Map<string, Buffer>;
  readonly record: TaskRecord;
  /** Aborts the attempt that runs. */
  attempt: AbortController | undefined;
}

/** Who holds an idempotency key. */
export interface HeldKey {
  readonly holder: { readonly workflowId: string } | { readonly promiseId: string };
  readonly expiresAtMs: number;
}

/** What a server keeps, in memory: the decisions are those of the real one, only nothing is stored. */
export class World {
  readonly executions = new Map<string, Execution>();
  readonly tasks = new Map<string, TaskEntry>();
  readonly due = new DueQueue();
  /** Executions that wait for an activation, in the order in which they began to. */
  readonly pending = new Set<Execution>();
  readonly pendingTasks = new Set<TaskEntry>();
  readonly #keys = new Map<string, HeldKey>();
  readonly #changed: () => void;
  nowMs: number;

  /** `changed` is called after every change. */
  constructor(nowMs: number, changed: () => void) {
    this.nowMs = nowMs;
    this.#changed = changed;
  }

  add(execution: Execution, change: WorkflowChange): void {
    this.executions.set(execution.workflow.id, execution);
    this.change(execution, change);
  }

  change(execution: Execution, { next, events }: WorkflowChange): void {
    execution.workflow = next;
    execution.events.push(...events);
    if (next.status === "PENDING") this.pending.add(execution);
    else this.pending.delete(execution);
    this.#changed();
  }

  append(execution: Execution, event: ExternalEvent): void {
    this.change(execution, appendExternal(execution.workflow, [event], systemActor("test")));
  }

  addTask(entry: TaskEntry): void {
    this.tasks.set(entry.task.id, entry);
    this.pendingTasks.add(entry);
    this.#changed();
  }

  changeTask(entry: TaskEntry, { next, workflowEvents }: TaskChange): void {
    entry.task = next;
    if (next.status === "PENDING") this.pendingTasks.add(entry);
    else this.pendingTasks.delete(entry);
    const execution = this.executions.get(next.workflowId ?? "");
    if (execution !== undefined) for (const event of workflowEvents) this.append(execution, event);
    this.#changed();
  }

  tasksOf(workflowId: string): TaskEntry[] {
    return [...this.tasks.values()].filter(({ task }) => task.workflowId === workflowId);
  }

  childrenOf(workflowId: string): Execution[] {
    return [...this.executions.values()].filter(({ workflow }) => workflow.parentId === workflowId);
  }

  holdKey(key: string, held: HeldKey): void {
    this.#keys.set(key, held);
  }

  freeKey(key: string): void {
    this.#keys.delete(key);
  }

  keyHolder(key: string): HeldKey["holder"] | undefined {
    const held = this.#keys.get(key);
    return held === undefined || held.expiresAtMs <= this.nowMs ? undefined : held.holder;
  }
}
