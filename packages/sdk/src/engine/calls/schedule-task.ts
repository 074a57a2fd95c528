import { checkMaxRetries, toWireRetry } from "../../definitions/retry.js";
import type { TaskDefinition } from "../../definitions/task.js";
import type { ScheduleOptions } from "../../definitions/workflow-context.js";
import { toMilliseconds } from "../../duration.js";
import { TaskFailedError } from "../../errors.js";
import { decodeJson, encodeJson } from "../../json.js";
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
  const kind = typeof task === "string" ? task : task.name;
  let settings: Settings;
  try {
    // Before the call takes its position: a call that is refused here leaves no event to match later.
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
  const field = (name: string) => `ctx.schedule(${JSON.stringify(kind)}): ${name}`;
  const retry = options.retry === undefined ? task?.retry : toWireRetry(options.retry, field("retry"));
  const ttl = options.idempotencyKeyTtl;
  return {
    queue: options.queue,
    prioritySeconds: options.priority,
    timeoutMs: options.timeout === undefined ? task?.timeoutMs : toMilliseconds(options.timeout, field("timeout")),
    maxRetries: checkMaxRetries(options.maxRetries, field("maxRetries")) ?? retry?.maxRetries,
    retryPolicy: retry?.retryPolicy,
    idempotencyKey: options.idempotencyKey,
    idempotencyKeyTtlSeconds:
      ttl === undefined ? undefined : Math.ceil(toMilliseconds(ttl, field("idempotencyKeyTtl")) / 1000),
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
