import type { DurationInput } from "../duration.js";
import type { Logger } from "../logger.js";
import type { CallArgs } from "./call-args.js";
import type { RetryOptions } from "./retry.js";
import type { TaskDefinition } from "./task.js";

/** What one call of `ctx.schedule` may change of the task's definition. */
export interface ScheduleOptions {
  /** Default: the queue of the workflow. */
  queue?: string;
  /** Head start in seconds, -100 to 9000; positive runs earlier. */
  priority?: number;
  /** Deadline from now, in place of the definition's. */
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

/**
 * What a workflow function works with. Its promises may be combined by `Promise.all`, `race`, `any` and `allSettled`.
 * Awaiting anything else, a timer or a request of its own, is a mistake: the function is taken for blocked while it does.
 * Such work belongs into a task or into `ctx.run`.
 */
export interface WorkflowContext {
  readonly executionId: string;
  /** The start input, as in the second argument of the function. */
  readonly input: unknown;
  /** Lines are left out while the function only repeats what it did before. */
  readonly log: Logger;

  /** Runs a task on some worker and gives its output. Rejects with TaskFailedError when the task finally failed. */
  schedule<Input, Output>(
    task: TaskDefinition<Input, Output>,
    ...args: CallArgs<Input, ScheduleOptions>
  ): Promise<Output>;
  schedule<Output = unknown>(kind: string, input?: unknown, options?: ScheduleOptions): Promise<Output>;

  /**
   * Runs a function here and keeps its result in history, so that it runs once (or again when the worker died before the
   * result was kept). Rejects with OperationFailedError when it throws. The function must not use `ctx`.
   */
  run<Result>(name: string, fn: () => Promise<Result> | Result): Promise<Result>;

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
