import type { TaskContext } from "../definitions/task-context.js";
import { type TaskAbortCause, TaskAbortedError } from "../errors.js";
import { encodeJson } from "../json.js";
import { createMemoryTaskContext } from "./memory-task-context.js";
import { TaskRecord } from "./task-record.js";

export interface MockTaskOptions {
  taskId?: string;
  /** The workflow that scheduled it. None when left out. */
  workflowId?: string;
  kind?: string;
  queue?: string;
  /** 1 when left out. */
  attempt?: number;
  /** 3 when left out. */
  maxRetries?: number;
  /** State that earlier attempts left. */
  state?: Readonly<Record<string, unknown>>;
}

export interface MockTaskContext extends TaskContext {
  /** What the function told: progress, streamed pieces, log lines, heartbeats. */
  readonly recorded: TaskRecord;
  /** Aborts the signal, `"claim-lost"` when left out. */
  abort(cause?: TaskAbortCause): void;
}

/**
 * A task context for unit tests: `await charge.run(createMockTaskContext(), input)`.
 * Errors: TypeError when a value of the state has no JSON form.
 */
export function createMockTaskContext(options: MockTaskOptions = {}): MockTaskContext {
  const recorded = new TaskRecord();
  const controller = new AbortController();
  const state = Object.entries(options.state ?? {}).map(
    ([key, value]) => [key, encodeJson(value, `the value of state key "${key}"`)] as const,
  );
  const context = createMemoryTaskContext({
    taskId: options.taskId ?? "00000000-0000-4000-8000-000000000001",
    workflowId: options.workflowId,
    kind: options.kind ?? "mocked",
    queue: options.queue ?? "default",
    attempt: options.attempt ?? 1,
    maxRetries: options.maxRetries ?? 3,
    signal: controller.signal,
    state: new Map(state),
    record: recorded,
  });
  const abort = (cause: TaskAbortCause = "claim-lost") =>
    controller.abort(new TaskAbortedError(cause, `the test aborted the task: ${cause}`));
  return { ...context, recorded, abort };
}
