import { scheduleTable } from "../../definitions/call-options.js";
import type { TaskDefinition } from "../../definitions/task.js";
import type { ScheduleOptions } from "../../definitions/workflow-context.js";
import { TaskFailedError } from "../../errors.js";
import { decodeJson, encodeJson } from "../../json.js";
import { definition } from "../../options/checks.js";
import { readOptions } from "../../options/read-options.js";
import type { ScheduleTask } from "../commands.js";
import { taskKey } from "../event-catalogue.js";
import type { RecordedEvent } from "../history.js";
import { neverSettles, type QuietPromise, quietPromise, quietRejection } from "../quiet-promise.js";
import type { ActivationScope } from "./scope.js";

export type TaskReference = string | Pick<TaskDefinition<never>, "name" | "timeoutMs" | "retry">;

/** Schedules a task, or joins the one that an earlier activation scheduled here. Errors: RangeError as a rejection. */
export function scheduleTask(
  scope: ActivationScope,
  task: TaskReference,
  input: unknown,
  options: ScheduleOptions = {},
): Promise<unknown> {
  let kind: string;
  let settings: Settings;
  try {
    // Before the call takes its position: a call that is refused here leaves no event to match later.
    kind = definition(task, "ctx.schedule: task");
    settings = readSettings(kind, typeof task === "string" ? undefined : task, options);
  } catch (error) {
    return quietRejection(error);
  }
  const { replay } = scope;
  // An id is taken for a known call too, so that the ids after it stay the same.
  const newId = scope.newId();
  const event = replay.match({
    callType: "task",
    text: `schedule task ${JSON.stringify(kind)}`,
    input: () => decodeJson(encodeJson(input, `the input of task "${kind}"`)),
    matches: (held) => held.data.kind === kind,
  });
  if (event === undefined) addCommand(scope, { type: "SCHEDULE_TASK", taskId: newId, kind, ...settings }, input);
  if (replay.fatal !== undefined) return neverSettles();
  // A server may have given the task another id; the one in history counts.
  const taskId = event === undefined ? newId : String(event.data.taskExecutionId);
  const result = quietPromise<unknown>();
  replay.awaitOutcome("task", taskKey(taskId), (outcome) => settle(result, { taskId, kind }, outcome));
  return result.promise;
}

type Settings = Omit<ScheduleTask, "type" | "taskId" | "kind" | "input">;

function readSettings(
  kind: string,
  task: Pick<TaskDefinition<never>, "timeoutMs" | "retry"> | undefined,
  options: ScheduleOptions,
): Settings {
  const read = readOptions(options, `ctx.schedule(${JSON.stringify(kind)}): `, scheduleTable);
  const retry = read.retry ?? task?.retry;
  return {
    queue: read.queue,
    prioritySeconds: read.priority,
    timeoutMs: read.timeout ?? task?.timeoutMs,
    maxRetries: read.maxRetries ?? retry?.maxRetries,
    retryPolicy: retry?.retryPolicy,
    idempotencyKey: read.idempotencyKey,
    idempotencyKeyTtlSeconds: read.idempotencyKeyTtl,
  };
}

/** An input without a JSON form fails the workflow rather than the call: a call without an event would shift replay. */
function addCommand(scope: ActivationScope, command: Omit<ScheduleTask, "input">, input: unknown): void {
  try {
    scope.replay.commands.push({ ...command, input: encodeJson(input, `the input of task "${command.kind}"`) });
  } catch (error) {
    scope.replay.fail(error as TypeError);
  }
}

function settle(result: QuietPromise<unknown>, task: { taskId: string; kind: string }, outcome: RecordedEvent): void {
  const { output, result: alias, error } = outcome.data;
  if (outcome.type === "TASK_COMPLETED") result.resolve(output ?? alias ?? null);
  else result.reject(new TaskFailedError({ ...task, failure: typeof error === "string" ? error : "no reason given" }));
}
