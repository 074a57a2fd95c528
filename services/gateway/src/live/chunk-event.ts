import type { StreamHint } from "@flovyn/proto/internal";
import type { LiveEvent, StreamType } from "./live-event.js";

const typesOfChunks: Readonly<Partial<Record<string, StreamType>>> = {
  token: "tokens",
  progress: "progress",
  data: "data",
  error: "errors",
};

/** Which watchers want the chunk; undefined for one that this version does not know. */
export function chunkTypeOf(chunk: StreamHint): StreamType | undefined {
  return typesOfChunks[chunk.type];
}

/**
 * What watchers get of a chunk: the text of a token, the number of progress, the payload of the others as it was sent. A
 * token without a text and progress without a number are shown as their payload. The tasks service has checked that the
 * payload is a JSON object; text that is not throws.
 */
export function chunkEvent(chunk: StreamHint, type: StreamType): LiveEvent {
  const { payload } = chunk;
  const executionId = chunk.workflowExecutionId || chunk.taskExecutionId;
  if (type === "tokens" || type === "progress") {
    const { text, progress } = JSON.parse(payload) as { text?: unknown; progress?: unknown };
    if (type === "tokens" && typeof text === "string") return { type, executionId, text, json: JSON.stringify(text) };
    if (type === "progress" && typeof progress === "number") {
      return { type, executionId, text: String(progress), json: String(progress) };
    }
  }
  return { type, executionId, text: payload, json: payload };
}
