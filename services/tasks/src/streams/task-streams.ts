import { streamSubject } from "@flovyn/bus";
import { StreamHint } from "@flovyn/proto/internal";
import { noSuchTask } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import { createKnownTasks, type KnownTask } from "./known-tasks.js";

export type ChunkType = "token" | "progress" | "data" | "error";

/** One thing that a task says to whoever watches it. */
export interface Chunk {
  type: ChunkType;
  /** JSON object text. */
  payload: string;
  /** Counted by the sender; not unique. */
  sequence: number;
  timestampMs: number;
}

/** What tasks stream while they run. Nothing is stored, and nobody may be watching. */
export interface TaskStreams {
  /** The task whose stream it is. Errors: NotFound; Unavailable. */
  find(orgId: string, taskId: string): Promise<KnownTask>;
  /** Sends a chunk to the live streams of the task's workflow, or of the task itself when it is standalone. Never throws. */
  publish(task: KnownTask, chunk: Chunk): void;
}

export function createTaskStreams(context: TasksContext): TaskStreams {
  const known = createKnownTasks(context);
  return {
    find: async (orgId, taskId) => {
      const task = await known.find(orgId, taskId);
      if (task === undefined) throw noSuchTask();
      return task;
    },
    publish: ({ id, orgId, workflowId }, chunk) => {
      const hint = StreamHint.encode({ taskExecutionId: id, workflowExecutionId: workflowId ?? "", ...chunk });
      context.bus.hint(streamSubject(orgId, workflowId ?? id), hint.finish());
      context.metrics.chunkStreamed(chunk.type);
    },
  };
}
