import type { DurationInput } from "../duration.js";
import { deadline } from "../options/checks.js";
import { type OptionTable, readMembers } from "../options/read-options.js";
import { definitionTable } from "./definition-options.js";
import { type RetryOptions, retry, type WireRetry } from "./retry.js";
import type { TaskContext } from "./task-context.js";

export interface TaskOptions<Input, Output> {
  /** The kind under which workflows schedule it. */
  name: string;
  description?: string;
  tags?: readonly string[];
  /** Deadline from the moment the task is created, all attempts included; at least 1 ms. It is final: no retry follows. */
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

export const taskTable = {
  ...definitionTable,
  timeout: deadline,
  retry,
} satisfies OptionTable<TaskOptions<unknown, unknown>>;

const noRetry: WireRetry = { maxRetries: undefined, retryPolicy: undefined };

/** Defines a task. Errors: RangeError naming the option that is wrong. */
export function task<Input = void, Output = void>(options: TaskOptions<Input, Output>): TaskDefinition<Input, Output> {
  const { name } = readMembers(options, "task: ", { name: taskTable.name });
  const read = readMembers(options, `task ${name}: `, taskTable);
  const { description = "", tags = [], timeout: timeoutMs, retry: tries = noRetry } = read;
  return Object.freeze({ name, description, tags, timeoutMs, retry: tries, run: options.run.bind(options) });
}
