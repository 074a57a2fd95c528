import { type DurationInput, toMilliseconds } from "../duration.js";
import { checkName } from "./name.js";
import { type RetryOptions, toWireRetry, type WireRetry } from "./retry.js";
import type { TaskContext } from "./task-context.js";

export interface TaskOptions<Input, Output> {
  /** The kind under which workflows schedule it. */
  name: string;
  description?: string;
  tags?: readonly string[];
  /** Deadline from the moment the task is created, all attempts included. It is final: no retry follows. */
  timeout?: DurationInput;
  /** Retries after a failed attempt, or only their number. The server's default is 3, without delay. */
  retry?: RetryOptions | number;
  /** The task function. It may run more than once, so what it does should bear repetition. */
  run: (ctx: TaskContext, input: Input) => Promise<Output> | Output;
}

/** A task as registered and scheduled. Input and output travel as JSON. */
export interface TaskDefinition<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly timeoutMs: number | undefined;
  readonly retry: WireRetry;
  readonly run: (ctx: TaskContext, input: Input) => Promise<Output> | Output;
}

/** Any task definition, whatever its types. */
export type AnyTask = TaskDefinition<never, unknown>;

/** Defines a task. Errors: RangeError naming the option that is wrong. */
export function task<Input = void, Output = void>(options: TaskOptions<Input, Output>): TaskDefinition<Input, Output> {
  const name = checkName(options.name, "task");
  return Object.freeze({
    name,
    description: options.description ?? "",
    tags: options.tags ?? [],
    timeoutMs: options.timeout === undefined ? undefined : toMilliseconds(options.timeout, `task ${name}: timeout`),
    retry: toWireRetry(options.retry, `task ${name}: retry`),
    run: options.run.bind(options),
  });
}
