import type { TaskContext } from "../definitions/task-context.js";
import { decodeJson, encodeJson } from "../json.js";
import { key, progress as progressValue } from "../options/checks.js";
import { createTaskStream } from "../worker/task-stream.js";
import type { TaskRecord } from "./task-record.js";

export interface MemoryTask
  extends Pick<TaskContext, "taskId" | "workflowId" | "kind" | "queue" | "attempt" | "maxRetries" | "signal"> {
  /** JSON bytes by key. */
  readonly state: Map<string, Buffer>;
  /** Takes what the function tells. */
  readonly record: TaskRecord;
}

/** A task context without a server behind it. */
export function createMemoryTaskContext({ state, record, ...facts }: MemoryTask): TaskContext {
  const log = record.logger();
  const stream = createTaskStream(({ payload }) => record.streamed.push(JSON.parse(payload)), log);
  return {
    ...facts,
    log,
    stream,
    reportProgress: (progress, details = "") => {
      record.progress.push({ progress: progressValue(progress, "progress"), details });
    },
    heartbeat: async () => {
      record.heartbeats += 1;
    },
    get: async (name) => {
      const value = state.get(key(name, "ctx.get: key"));
      return (value === undefined ? null : decodeJson(value)) as never;
    },
    set: async (name, value) => {
      state.set(key(name, "ctx.set: key"), encodeJson(value, `the value of state key ${JSON.stringify(name)}`));
    },
    clear: async (name) => {
      state.delete(key(name, "ctx.clear: key"));
    },
    clearAll: async () => state.clear(),
    keys: async () => [...state.keys()],
  };
}
