import type { TaskExecutionInfo } from "@flovyn/proto/v1";
import type { TaskContext } from "../definitions/task-context.js";
import { decodeJson, encodeJson } from "../json.js";
import type { LogFields, Logger } from "../logger.js";
import { key, progress as progressValue } from "../options/checks.js";
import { isError, readThrown } from "../thrown/read-thrown.js";
import { valueText } from "../thrown/value-text.js";
import type { Rpc } from "../wire/rpc.js";
import {
  clearAllState,
  clearState,
  getState,
  getStateKeys,
  logMessage,
  reportProgress,
  setState,
  streamTaskData,
} from "../wire/rpcs.js";
import { LatestSender } from "./latest-sender.js";
import { createLogSender, type LogLine } from "./log-sender.js";
import type { OrderedSender } from "./ordered-sender.js";
import { createStreamSender, createTaskStream } from "./task-stream.js";
import { callTimeoutMs, type WorkerScope } from "./worker-scope.js";

/** The context of one attempt, and what waits until all that it has streamed was sent. */
export function createTaskContext(
  scope: WorkerScope,
  attempt: { task: TaskExecutionInfo; signal: () => AbortSignal; log: Logger; beat: () => Promise<void> },
): { context: TaskContext; streamed: () => Promise<void> | undefined } {
  const { task, log } = attempt;
  const { taskExecutionId } = task;
  const call = <Request, Response>(rpc: Rpc<Request, Response>, request: Request): Promise<Response> =>
    scope.connection.call(rpc, request, scope.metadata, { timeoutMs: callTimeoutMs });
  // What tells people how a task is doing must not decide how it ends.
  const quietly = <Request>(rpc: Rpc<Request, unknown>, request: Request): Promise<unknown> =>
    call(rpc, request).catch((err: unknown) => scope.log.debug(`${rpc.name} failed`, { taskId: taskExecutionId, err }));
  const progress = new LatestSender((latest: { progress: number; details: string }) =>
    quietly(reportProgress, { taskExecutionId, ...latest }),
  );
  const lines = createLogSender((line) => quietly(logMessage, { taskExecutionId, ...line }));
  const { workflowExecutionId } = task;
  const chunks = createStreamSender(
    (chunk) => quietly(streamTaskData, { taskExecutionId, workflowExecutionId, ...chunk }),
    log,
  );
  const context: TaskContext = {
    taskId: taskExecutionId,
    workflowId: workflowExecutionId === "" ? undefined : workflowExecutionId,
    kind: task.kind,
    queue: task.queue,
    attempt: task.executionCount,
    maxRetries: task.maxRetries,
    get signal() {
      return attempt.signal();
    },
    log: bothLogs(log, lines),
    stream: createTaskStream((chunk) => chunks.offer(chunk), log),
    reportProgress: (value, details = "") =>
      progress.offer({ progress: progressValue(value, "progress"), details: valueText(details) }),
    heartbeat: attempt.beat,
    get: async (name) => {
      const { found, value } = await call(getState, { taskExecutionId, key: key(name, "ctx.get: key") });
      return (found ? decodeJson(value) : null) as never;
    },
    set: async (name, value) => {
      key(name, "ctx.set: key");
      await call(setState, {
        taskExecutionId,
        key: name,
        value: encodeJson(value, `the value of state key ${JSON.stringify(name)}`),
      });
    },
    clear: async (name) => {
      await call(clearState, { taskExecutionId, key: key(name, "ctx.clear: key") });
    },
    clearAll: async () => {
      await call(clearAllState, { taskExecutionId });
    },
    keys: async () => (await call(getStateKeys, { taskExecutionId })).keys,
  };
  return { context: Object.freeze(context), streamed: () => chunks.sent() };
}

function bothLogs(log: Logger, lines: OrderedSender<LogLine>): Logger {
  const line = (level: keyof Logger, wireLevel: LogLine["level"]) => (message: string, fields?: LogFields) => {
    log[level](message, fields);
    const text = valueText(message);
    lines.offer({ level: wireLevel, message: fields === undefined ? text : `${text} ${fieldsText(fields)}` });
  };
  return {
    debug: line("debug", "DEBUG"),
    info: line("info", "INFO"),
    warn: line("warn", "WARN"),
    error: line("error", "ERROR"),
  };
}

function fieldsText(fields: LogFields): string {
  try {
    return JSON.stringify(fields, (_key, value: unknown) => (isError(value) ? readThrown(value).text : value));
  } catch {
    return "(fields without a JSON form)";
  }
}
