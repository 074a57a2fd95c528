import { ReplyBatch, type ReplyFrame } from "@flovyn/proto/internal";
import { acknowledgementSubject, answersSubject } from "../subjects.js";
import type { ChunkSender } from "./chunk-sender.js";
import { asBuffer, chunkBytes, replyFrameBytes } from "./frames.js";
import type { Link } from "./link.js";
import { createOutbox } from "./outbox.js";
import { packFrames } from "./pack.js";
import { framesPerMessageMax } from "./settings.js";

/** The answers of a process, of all its replicas, to all requesters. */
export interface Replies {
  add(inbox: string, frame: ReplyFrame): void;
  /** Sends an answer whole or in chunks; resolves when it is sent. `wanted` is asked before each chunk. */
  addPayload(inbox: string, id: number, payload: Uint8Array, wanted: () => boolean): Promise<void> | undefined;
  /** Sends what waits for the end of the turn. */
  flush(): void;
}

export function createReplies(link: Link, sender: ChunkSender): Replies {
  const { stats } = link;
  const outbox = createOutbox<ReplyFrame>(send);

  return {
    add: outbox.add,
    addPayload(inbox, id, payload, wanted) {
      const frame: ReplyFrame = { id, answer: { $case: "payload", value: asBuffer(payload) } };
      if (replyFrameBytes(frame) > link.messageBytesMax()) return addChunks(inbox, id, payload, wanted);
      outbox.add(inbox, frame);
      return undefined;
    },
    flush: outbox.flush,
  };

  function send(inbox: string, frames: ReplyFrame[]): void {
    const packs = packFrames(frames, replyFrameBytes, {
      bytesMax: link.messageBytesMax(),
      countMax: framesPerMessageMax,
    });
    for (const pack of packs) {
      if (!publish(inbox, pack)) stats.repliesDropped += pack.length;
    }
  }

  function publish(inbox: string, frames: ReplyFrame[], acknowledgeAt?: string): boolean {
    if (!link.connected()) return false;
    try {
      link.publish(answersSubject(inbox), ReplyBatch.encode({ frames }).finish(), acknowledgeAt);
      stats.framesSent += frames.length;
      return true;
    } catch (err) {
      link.log.error({ err, frames: frames.length }, "answers could not be sent");
      return false;
    }
  }

  async function addChunks(inbox: string, id: number, payload: Uint8Array, wanted: () => boolean): Promise<void> {
    const end = await sender.send({
      payload,
      chunkBytes: chunkBytes(link.messageBytesMax()),
      wanted: () => link.connected() && wanted(),
      send: ({ index, last, data }, stream) => {
        const frame: ReplyFrame = { id, answer: { $case: "chunk", value: { index, last, data: asBuffer(data) } } };
        publish(inbox, [frame], acknowledgementSubject(link.inbox, stream));
      },
    });
    if (end !== "sent") stats.repliesDropped += 1;
  }
}
