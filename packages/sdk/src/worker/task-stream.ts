import { StreamEventType } from "@flovyn/proto/v1";
import type { TaskStream } from "../definitions/task-context.js";
import type { Logger } from "../logger.js";
import { valueText } from "../thrown/value-text.js";
import { OrderedSender } from "./ordered-sender.js";

/** One streamed piece as it travels. */
export interface StreamChunk {
  /** Counts from 0. */
  readonly sequence: number;
  readonly type: StreamEventType;
  /** JSON text. */
  readonly payload: string;
  /** Unix time. */
  readonly timestampMs: number;
}

/** Characters of payload that wait to be sent for one task. */
const waitingCharactersMax = 4 * 1024 * 1024;
/** What the smallest piece counts, so that many small ones have a limit too. */
const pieceCharacters = 1024;

/** What a task function streams by. */
export function createTaskStream(offer: (chunk: StreamChunk) => void, log: Logger): TaskStream {
  let sequence = 0;
  const add = (type: StreamEventType, piece: object) => {
    const payload = toPayload(piece, log);
    if (payload !== undefined) offer({ sequence: sequence++, type, payload, timestampMs: Date.now() });
  };
  return Object.freeze<TaskStream>({
    token: (text) => add(StreamEventType.TOKEN, { type: "token", text: valueText(text) }),
    progress: (progress, details) => {
      if (typeof progress === "number" && progress >= 0 && progress <= 1)
        add(StreamEventType.PROGRESS, { type: "progress", progress, details });
      else log.warn("streamed progress must be from 0 to 1", { progress });
    },
    data: (data) => add(StreamEventType.DATA, { type: "data", data: data ?? null }),
    error: (message, code) => add(StreamEventType.ERROR, { type: "error", message: valueText(message), code }),
  });
}

/** Sends pieces in order; of a flood it drops pieces, with a line in the log. `send` must not reject. */
export function createStreamSender(
  send: (chunk: StreamChunk) => Promise<unknown>,
  log: Logger,
): OrderedSender<StreamChunk> {
  return new OrderedSender<StreamChunk>({
    send,
    sizeOf: ({ payload }) => Math.max(payload.length, pieceCharacters),
    waitingSizeMax: waitingCharactersMax,
    onDropped(count) {
      log.warn("streamed pieces were dropped, they came faster than they could be sent", { count });
      return undefined;
    },
  });
}

/** What a task streams must not decide how it ends, so a piece without a JSON form is left out. */
function toPayload(piece: object, log: Logger): string | undefined {
  try {
    return JSON.stringify(piece);
  } catch (err) {
    log.warn("a streamed piece cannot be written as JSON", { err });
    return undefined;
  }
}
