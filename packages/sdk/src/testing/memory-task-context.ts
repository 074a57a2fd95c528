import type { TaskContext } from "../definitions/task-context.js";
import { decodeJson, encodeJson } from "../json.js";
import { checkProgress } from "../worker/task-context.js";
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
      record.progress.push({ progress: checkProgress(progress), details });
    },
    heartbeat: async () => {
      record.heartbeats += 1;
    },
    get: async (key) => {
      const value = state.get(key);
      return (value === undefined ? null : decodeJson(value)) as never;
    },
    set: async (key, value) => {
      state.set(key, encodeJson(value, `the value of state key "${key}"`));
    },
    clear: async (key) => {
      state.delete(key);
    },
    clearAll: async () => state.clear(),
    keys: async () => [...state.keys()],
  };
}
