import type { CreatedPromise, PromiseStatus } from "../promise/state.js";
import type { ArmedTimer, TimerStatus } from "../timer/state.js";
import type { ScheduleChild, ScheduleTask } from "./commands.js";

/** What is already known about a task id that a submission wants to schedule, of any organization. */
export interface KnownTask {
  kind: string;
  workflowId: string | null;
}

/** What is already known about an execution id under which a submission wants to start a child, of any organization. */
export interface KnownExecution {
  kind: string;
  parentId: string | null;
  childName: string | null;
}

export interface KnownPromise {
  id: string;
  name: string;
  status: PromiseStatus;
}

/** What a submission is decided against, beside its workflow: read under the lock of the workflow. */
export interface SubmitFacts {
  /**
   * The id of the task for which the worker chose this one: the same, unless another organization uses it. Then it is a
   * substitute, so that whether the id is in use elsewhere decides about nothing here.
   */
  taskId(chosen: string): string;
  task(taskId: string): KnownTask | undefined;
  /** A timer of the current run. */
  timer(timerId: string): { status: TimerStatus } | undefined;
  /** The id of the execution for which the worker chose this one, as with tasks. */
  executionId(chosen: string): string;
  execution(id: string): KnownExecution | undefined;
  /** The child of this workflow that goes by the name. */
  childNamed(name: string): string | undefined;
  /** The promises of this workflow with that id or name, oldest first. */
  promises(idOrName: string): readonly KnownPromise[];
  /** What holds the idempotency key, after the submission has tried to take it; undefined when nothing does. */
  keyHolder(key: string): string | undefined;
}

/** The facts of a workflow that has scheduled nothing yet. */
export const nothingKnown: SubmitFacts = {
  taskId: (chosen) => chosen,
  task: () => undefined,
  timer: () => undefined,
  executionId: (chosen) => chosen,
  execution: () => undefined,
  childNamed: () => undefined,
  promises: () => [],
  keyHolder: () => undefined,
};

/** A task that the submission creates. */
export interface ScheduledTask extends ScheduleTask {
  queue: string;
  /** Sequence of its TASK_SCHEDULED event. */
  scheduledSequence: number;
}

/** A child that the submission creates. */
export interface ScheduledChild extends ScheduleChild {
  queue: string;
  /** Sequence of its CHILD_WORKFLOW_INITIATED event. */
  initiatedSequence: number;
}

export interface StateWrite {
  key: string;
  /** Null clears the key. */
  value: Uint8Array | null;
}

/** What a submission asks for beside events: rows to write in the same transaction. */
export interface SubmitEffects {
  readonly tasks: ScheduledTask[];
  readonly stateWrites: StateWrite[];
  readonly timers: ArmedTimer[];
  readonly cancelledTimers: Set<string>;
  readonly promises: CreatedPromise[];
  /** Values by promise id. */
  readonly resolvedPromises: Map<string, Uint8Array>;
  readonly children: ScheduledChild[];
  /** Reasons by id of a child, which may be one of `children`. */
  readonly cancelledChildren: Map<string, string>;
}

export function noEffects(): SubmitEffects {
  return {
    tasks: [],
    stateWrites: [],
    timers: [],
    cancelledTimers: new Set(),
    promises: [],
    resolvedPromises: new Map(),
    children: [],
    cancelledChildren: new Map(),
  };
}
