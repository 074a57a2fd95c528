import type { DurationInput } from "../duration.js";
import type { Logger } from "../logger.js";
import type { CallArgs } from "./call-args.js";
import type { RetryOptions } from "./retry.js";
import type { TaskDefinition } from "./task.js";
import type { WorkflowDefinition } from "./workflow.js";
import type { ChildWorkflowPromise, SignalPromise, TimerPromise } from "./workflow-promises.js";

/** What one call of `ctx.schedule` may change of the task's definition. */
export interface ScheduleOptions {
  /** Default: the queue of the workflow. */
  queue?: string;
  /** Head start in seconds, -100 to 9000; positive runs earlier. */
  priority?: number;
  /** Deadline from now, in place of the definition's; at least 1 ms. */
  timeout?: DurationInput;
  /** In place of the definition's. */
  retry?: RetryOptions | number;
  /** In place of `retry.maxRetries`. */
  maxRetries?: number;
  /** External key under which the task is known in the org. */
  idempotencyKey?: string;
  /** How long the key is kept, 24 h when left out. */
  idempotencyKeyTtl?: DurationInput;
}

/** What one call of `ctx.promise` may say. */
export interface PromiseOptions {
  /** At least 1 ms; then the promise rejects with PromiseTimeoutError. Without it, it stays open until it is settled. */
  timeout?: DurationInput;
  /** Key in the org by which others may settle the promise; one promise for each. */
  idempotencyKey?: string;
  /** How long the key is kept, 24 h when left out. */
  idempotencyKeyTtl?: DurationInput;
}

/** What one call of `ctx.scheduleWorkflow` may say. */
export interface ChildWorkflowOptions {
  /** Name of the child, unique in its parent. `<kind>-<n>` when left out, for the n-th child. */
  name?: string;
  /** Default: the queue of the parent. */
  queue?: string;
  /** Head start in seconds, -100 to 9000; positive runs earlier. */
  priority?: number;
}

/**
 * What a workflow function works with. Its promises may be combined by `Promise.all`, `race`, `any` and `allSettled`.
 * Awaiting anything else, a timer or a request of its own, is a mistake: the function is taken for blocked while it does.
 * Such work belongs into a task or into `ctx.run`.
 */
export interface WorkflowContext {
  readonly executionId: string;
  /** The start input, as in the second argument of the function. */
  readonly input: unknown;
  /** Lines are left out where history shows that the function only repeats what it did before. */
  readonly log: Logger;

  /** Runs a task on some worker and gives its output. Rejects with TaskFailedError when the task finally failed. */
  schedule<Input, Output>(
    task: TaskDefinition<Input, Output>,
    ...args: CallArgs<Input, ScheduleOptions>
  ): Promise<Output>;
  schedule<Output = unknown>(kind: string, input?: unknown, options?: ScheduleOptions): Promise<Output>;

  /**
   * Runs a function here and keeps its result in history, so that it runs once (or again when the worker died before the
   * result was kept). Rejects with OperationFailedError when it throws. It begins once the workflow waits; several settle in
   * the order in which they end. Meanwhile nothing from outside reaches the workflow but the time of its own timers, so
   * long work belongs into a task. The function must not use `ctx`.
   */
  run<Result>(name: string, fn: () => Promise<Result> | Result): Promise<Result>;

  /**
   * Waits, for as long as ten years, whatever happens to workers meanwhile. Rejects with TimerCancelledError when it is
   * cancelled, with RangeError for what is no duration.
   */
  sleep(duration: DurationInput): TimerPromise;
  /** Waits until a time, not at all when it is past. A time beyond ten years from now fails the workflow. */
  sleepUntil(time: Date | number): TimerPromise;
  /**
   * Settles as the promise does; rejects with TimeoutError when that takes longer. Then a wait for a signal and a call of
   * `ctx.run` are given up; what any other promise stands for goes on.
   */
  withTimeout<Value>(promise: Promise<Value>, timeout: DurationInput): Promise<Value>;
  /**
   * Settles as the first promise that does, like `Promise.race`, and gives up the losers among them that are waits for a
   * signal, so that they take none away from a later wait, or calls of `ctx.run`, which reject with OperationCancelledError.
   */
  race<Values extends readonly unknown[] | []>(promises: Values): Promise<Awaited<Values[number]>>;
  /** Resolves as the first promise that does, like `Promise.any`, and gives up the losers as `ctx.race` does. */
  any<Values extends readonly unknown[] | []>(promises: Values): Promise<Awaited<Values[number]>>;

  /**
   * A promise that somebody else settles: a client, or `ctx.resolvePromise`. Rejects with PromiseRejectedError or
   * PromiseTimeoutError. Names may repeat; then each call is a promise of its own.
   */
  promise<Value = unknown>(name: string, options?: PromiseOptions): Promise<Value>;
  /**
   * Resolves a promise of this workflow: by name the first of those created so far that is open, or by id. One that is
   * settled stays as it is. Errors: Error when there is no such promise, TypeError when the value has no JSON form.
   */
  resolvePromise(nameOrId: string, value?: unknown): void;

  /**
   * Runs another workflow as a child and gives its output. Rejects with ChildWorkflowFailedError when it failed or was
   * cancelled, with RangeError when the name is taken.
   */
  scheduleWorkflow<Input, Output>(
    workflow: Pick<WorkflowDefinition<Input, Output>, "name" | "run">,
    ...args: CallArgs<Input, ChildWorkflowOptions>
  ): ChildWorkflowPromise<Output>;
  scheduleWorkflow<Output = unknown>(
    kind: string,
    input?: unknown,
    options?: ChildWorkflowOptions,
  ): ChildWorkflowPromise<Output>;
  /** Asks for the end of a child. Its promise rejects when it ended so; a child that ended before stays as it is. */
  cancelWorkflow(child: ChildWorkflowPromise<unknown> | string, reason?: string): void;

  /** Waits for the next signal of that name, in the order in which they arrived. */
  waitForSignal<Value = unknown>(name: string): SignalPromise<Value>;
  /** Whether a signal of that name is there that nobody took. The answer is the same on every replay. */
  hasSignal(name: string): boolean;
  /** Takes all signals of that name that are there. */
  drainSignals<Value = unknown>(name: string): Value[];

  /**
   * Throws WorkflowCancelledError when the workflow was cancelled. The server ends a cancelled workflow at once, so this
   * rarely comes to pass.
   */
  checkCancellation(): void;

  /** A value of the workflow's state, null when the key has none. */
  get<Value = unknown>(key: string): Value | null;
  set(key: string, value: unknown): void;
  clear(key: string): void;
  /** Keys that have a value, in the order in which they first got one. */
  keys(): string[];

  /**
   * The time at which this activation was handed out. It stands still within an activation and is later in the next, also
   * for code that ran before: keep a time that decides something by `ctx.run` or `ctx.set`.
   */
  currentTime(): Date;
  /** The same as milliseconds since 1970. */
  now(): number;
  /** A UUID that is the same on every replay. */
  randomUUID(): string;
  /** A number from 0 to below 1 that is the same on every replay. Not for secrets. */
  random(): number;
}
