import { claimTask, completeTask, DomainError, failTask, type TaskChange } from "@flovyn/domain";
import type { AnyTask } from "../../definitions/task.js";
import { decodeJson } from "../../json.js";
import { encodeOutput, toFailure } from "../../worker/task-failure.js";
import { createMemoryTaskContext } from "../memory-task-context.js";
import { watchRetry } from "./task-times.js";
import type { TaskEntry, World } from "./world.js";

/** No jitter: half way between the shortest and the longest delay. */
const random = 0.5;

/** Runs one attempt of a task to its end. Never rejects. */
export async function runAttempt(world: World, entry: TaskEntry, definition: AnyTask | undefined): Promise<void> {
  world.changeTask(entry, claimTask(entry.task, "test", world.nowMs));
  const { claimEpoch, kind } = entry.task;
  const attempt = new AbortController();
  entry.attempt = attempt;
  try {
    if (definition === undefined) throw new Error(`no task "${kind}" is registered with the test server`);
    const output = encodeOutput(
      await definition.run(contextOf(entry, attempt), decodeJson(entry.input) as never),
      kind,
    );
    report(world, entry, () => completeTask(entry.task, { claimEpoch, output }, world.nowMs));
  } catch (error) {
    const { retryable = definition !== undefined, ...failure } = toFailure(error);
    report(world, entry, () => failTask(entry.task, { claimEpoch, ...failure, retryable }, world.nowMs, random));
  }
}

function contextOf({ task, state, record }: TaskEntry, attempt: AbortController) {
  return createMemoryTaskContext({
    taskId: task.id,
    workflowId: task.workflowId ?? undefined,
    kind: task.kind,
    queue: task.queue,
    attempt: task.executionCount,
    maxRetries: task.maxRetries,
    signal: attempt.signal,
    state,
    record,
  });
}

/** A report about a task that was cancelled or has expired meanwhile changes nothing. */
function report(world: World, entry: TaskEntry, decide: () => TaskChange): void {
  let change: TaskChange;
  try {
    change = decide();
  } catch (error) {
    if (error instanceof DomainError) return;
    throw error;
  }
  entry.attempt = undefined;
  world.changeTask(entry, change);
  watchRetry(world, entry);
}
