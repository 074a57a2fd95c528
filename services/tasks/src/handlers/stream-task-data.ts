import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { checkNesting, cutText, invalidField, parseUuid, scanJson } from "@flovyn/domain";
import { StreamEventType, StreamTaskDataRequest, StreamTaskDataResponse } from "@flovyn/proto/v1";
import type { TasksContext } from "../context.js";
import type { ChunkType, TaskStreams } from "../streams/task-streams.js";

/** 1 MiB with the message around it: a chunk travels in one message of the broker, which takes no more than that. */
export const chunkPayloadBytesMax = 1024 * 1024 - 4096;
/** How the server's own events are marked in live streams. */
const serverEventType = "Event";

/** So much of a name is quoted, in characters. */
const shownNameMax = 100;

const chunkTypes: Readonly<Partial<Record<number, ChunkType>>> = {
  [StreamEventType.TOKEN]: "token",
  [StreamEventType.PROGRESS]: "progress",
  [StreamEventType.DATA]: "data",
  [StreamEventType.ERROR]: "error",
};

/**
 * Passes a chunk on to whoever watches the task's workflow, or the task when it is standalone; also after its end. The
 * task is not changed and nothing is stored. Errors: InvalidInput, NotFound. Source: StreamTaskData.
 */
export async function streamTaskData(
  context: TasksContext,
  streams: TaskStreams,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(StreamTaskDataRequest, request.payload);
  const taskId = parseUuid(message.taskExecutionId, "task_execution_id");
  const type = chunkTypes[message.type];
  if (type === undefined) throw invalidField("type", "must be TOKEN, PROGRESS, DATA or ERROR");
  const payload = parseChunkPayload(message.payload);
  const task = await streams.find(request.caller.orgId, taskId);
  const { sequence, timestampMs } = message;
  streams.publish(task, {
    ...{ type, payload, sequence },
    timestampMs: timestampMs > 0 ? timestampMs : context.clock.now(),
  });
  return StreamTaskDataResponse.encode({ acknowledged: true }).finish();
}

/** Checked here once, so that it can be embedded as it is wherever it arrives. */
function parseChunkPayload(text: string): string {
  const bytes = Buffer.byteLength(text);
  if (bytes > chunkPayloadBytesMax) {
    throw invalidField("payload", `must have at most ${chunkPayloadBytesMax} bytes, has ${bytes}`);
  }
  checkNesting(text, "payload");
  // Of two members of one name some readers take the first: one such chunk would be the server's own event to them.
  const written = Buffer.from(text);
  const names = new Set<string>();
  let twice: string | undefined;
  const { isJson } = scanJson(written, ({ keyStart, keyEnd }) => {
    const name = JSON.parse(written.toString("utf8", keyStart, keyEnd)) as string;
    if (names.has(name)) twice ??= name;
    names.add(name);
  });
  const value: unknown = isJson ? JSON.parse(text) : undefined;
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw invalidField("payload", "must be the text of a JSON object");
  }
  if (twice !== undefined) {
    const shown = JSON.stringify(cutText(twice, shownNameMax));
    throw invalidField("payload", `must name each member once, has ${shown} twice`);
  }
  if ("type" in value && value.type === serverEventType) {
    throw invalidField("payload", `type must not be ${serverEventType}: it marks what the server says`);
  }
  return text;
}
