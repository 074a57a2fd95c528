import { RequestChunk } from "@flovyn/proto/internal";
import { brokerAway, replicaLost } from "../request-errors.js";
import { acknowledgementSubject, isReplicaSubject } from "../subjects.js";
import type { ChunkPart } from "./assembly.js";
import type { ChunkSender } from "./chunk-sender.js";
import { asBuffer, chunkBytes } from "./frames.js";
import type { Link } from "./link.js";
import type { Pending, PendingRequests } from "./pending.js";

/** Sends the payloads of requests that do not fit one message, to the replica that asked for them. */
export interface Uploads {
  start(entry: Pending, subject: string): void;
}

export function createUploads(link: Link, sender: ChunkSender, pending: PendingRequests): Uploads {
  return {
    start(entry, subject) {
      const payload = entry.upload;
      if (payload === undefined || !isReplicaSubject(subject, entry.service)) {
        link.malformed("fetch of a request that has no chunks", Buffer.from(subject));
        return;
      }
      entry.upload = undefined;
      const stream = {
        payload,
        chunkBytes: chunkBytes(link.messageBytesMax()),
        wanted: () => pending.get(entry.id) === entry,
        send: (part: ChunkPart, number: number) => sendChunk(entry.id, subject, part, number),
      };
      sender.send(stream).then(
        (end) => {
          if (end === "lost") pending.reject(entry, replicaLost(entry.service, entry.operation));
        },
        (err: unknown) => {
          link.log.error({ err, operation: entry.operation }, "chunks of a request could not be sent");
          pending.reject(entry, brokerAway(entry.operation));
        },
      );
    },
  };

  function sendChunk(id: number, subject: string, { index, last, data }: ChunkPart, stream: number): void {
    const chunk = { index, last, data: asBuffer(data) };
    const bytes = RequestChunk.encode({ id, inbox: link.inbox, chunk }).finish();
    link.publish(subject, bytes, acknowledgementSubject(link.inbox, stream));
    link.stats.framesSent += 1;
  }
}
