import type { ChunkPart } from "./assembly.js";

/** Chunks under way at once in one stream: enough to keep a link busy. */
const windowChunks = 4;
/** Streams that send at once in one process; others wait. With chunks of 256 KiB at most 4 MiB are ahead of a small message. */
const streamsMax = 4;

/** `stopped`: the taker wants no more. `lost`: it was gone, or silent for too long. */
export type StreamEnd = "sent" | "stopped" | "lost";

export interface ChunkStream {
  payload: Uint8Array;
  chunkBytes: number;
  /** Puts one chunk on the wire; its message must carry the acknowledgement subject of `stream`. May throw. */
  send: (part: ChunkPart, stream: number) => void;
  /** False when nobody wants the payload any more. */
  wanted: () => boolean;
}

/**
 * Sends payloads that do not fit one message. Each chunk is acknowledged by its taker, so that neither the broker nor a slow
 * taker has to hold more than a window of it.
 */
export interface ChunkSender {
  send(stream: ChunkStream): Promise<StreamEnd>;
  /** One chunk was taken; `more` is false when the taker wants no more. */
  acknowledged(stream: number, more: boolean): void;
  /** The broker found nobody who takes the chunks of this stream. */
  lost(stream: number): void;
  /** Gives up every stream: the connection broke. */
  loseAll(): void;
}

interface Open {
  inFlight: number;
  end: StreamEnd | undefined;
  wake: (() => void) | undefined;
}

export function createChunkSender(silenceMs: number): ChunkSender {
  const open = new Map<number, Open>();
  const queue: (() => void)[] = [];
  let sending = 0;
  let lastStream = 0;

  const finish = (state: Open | undefined, end: StreamEnd): void => {
    if (state === undefined) return;
    state.end ??= end;
    state.wake?.();
  };

  return {
    async send(stream) {
      if (sending >= streamsMax) await new Promise<void>((resolve) => queue.push(resolve));
      else sending += 1;
      lastStream += 1;
      const id = lastStream;
      const state: Open = { inFlight: 0, end: undefined, wake: undefined };
      open.set(id, state);
      try {
        return await sendParts(stream, id, state, silenceMs);
      } finally {
        open.delete(id);
        const next = queue.shift();
        if (next === undefined) sending -= 1;
        else next();
      }
    },
    acknowledged(stream, more) {
      const state = open.get(stream);
      if (state === undefined) return;
      state.inFlight -= 1;
      if (more) state.wake?.();
      else finish(state, "stopped");
    },
    lost: (stream) => finish(open.get(stream), "lost"),
    loseAll() {
      for (const state of open.values()) finish(state, "lost");
    },
  };
}

async function sendParts(stream: ChunkStream, id: number, state: Open, silenceMs: number): Promise<StreamEnd> {
  const { payload, chunkBytes } = stream;
  const count = Math.ceil(payload.byteLength / chunkBytes);
  for (let index = 0; index < count; index += 1) {
    if (state.inFlight >= windowChunks) await acknowledgement(state, silenceMs);
    if (state.end !== undefined) return state.end;
    if (!stream.wanted()) return "stopped";
    const data = payload.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    stream.send({ index, last: index === count - 1, data }, id);
    state.inFlight += 1;
  }
  while (state.inFlight > 0 && state.end === undefined) await acknowledgement(state, silenceMs);
  return state.end ?? "sent";
}

/** Waits until something happens to the stream. One timer for each full window, not for each call. */
async function acknowledgement(state: Open, silenceMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      state.end ??= "lost";
      resolve();
    }, silenceMs);
    timer.unref();
    state.wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  state.wake = undefined;
}
