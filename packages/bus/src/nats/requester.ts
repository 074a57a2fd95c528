import type { DomainError } from "@flovyn/domain";
import { type Chunk, ReplyBatch, type ReplyFrame, RequestBatch, type RequestFrame } from "@flovyn/proto/internal";
import type { Msg } from "nats";
import type { BusRequest } from "../bus.js";
import { fromErrorValue } from "../error-value.js";
import {
  brokerAway,
  countRequestError,
  nobodyServes,
  noRoom,
  replicaLost,
  replyTooLarge,
  requestTooLarge,
  timedOut,
  tooManyOpen,
  usableTimeoutMs,
} from "../request-errors.js";
import { batchSubject, requestSubject } from "../subjects.js";
import { acknowledge } from "./acknowledge.js";
import { type AssemblyRoom, createAssembly, type Progress } from "./assembly.js";
import type { ChunkSender } from "./chunk-sender.js";
import { requestFrameBytes, toRequestFrame } from "./frames.js";
import type { Link } from "./link.js";
import { createOutbox } from "./outbox.js";
import { packFrames } from "./pack.js";
import { createPendingRequests, type Pending } from "./pending.js";
import { framesPerMessageMax, type NatsBusLimits } from "./settings.js";
import { createUploads } from "./uploads.js";

/** The asking side of a process: all its requests to all services. */
export interface Requester {
  request(request: BusRequest): Promise<Uint8Array>;
  /** A ReplyBatch arrived. */
  answers(message: Msg): void;
  /** The broker had no taker for this batch. */
  nobodyTook(batch: number): void;
  /** The connection broke: answers that were under way may be lost, so nobody waits for them. */
  connectionLost(): void;
  /** Sends what waits for the end of the turn. */
  flush(): void;
  /** Resolves when no request is open. */
  idle(): Promise<void>;
  stop(): void;
}

const nothing = Buffer.alloc(0);

export function createRequester(link: Link, limits: NatsBusLimits, sender: ChunkSender, room: AssemblyRoom): Requester {
  const { stats } = link;
  const pending = createPendingRequests(limits.silenceMs, stats);
  const outbox = createOutbox<RequestFrame>(send);
  const uploads = createUploads(link, sender, pending);
  let lastBatch = 0;

  return {
    request(request) {
      stats.requests += 1;
      const refused = refuse(request);
      if (refused === undefined) return new Promise((resolve, reject) => start(request, resolve, reject));
      countRequestError(stats, refused);
      return Promise.reject(refused);
    },
    answers,
    nobodyTook: (batch) =>
      pending.rejectEach((entry) => (entry.batch === batch ? nobodyServes(entry.service, entry.operation) : undefined)),
    connectionLost: () => pending.rejectEach((entry) => brokerAway(entry.operation)),
    flush: outbox.flush,
    idle: pending.idle,
    stop: pending.stop,
  };

  function refuse({ operation, payload, timeoutMs }: BusRequest): DomainError | undefined {
    if (!link.connected()) return brokerAway(operation);
    const bytes = payload.byteLength;
    if (bytes > limits.requestBytesMax) return requestTooLarge(operation, bytes, limits.requestBytesMax);
    if (pending.full()) return tooManyOpen(operation);
    return usableTimeoutMs(timeoutMs) === 0 ? timedOut(operation, 0) : undefined;
  }

  function start(
    request: BusRequest,
    resolve: (answer: Uint8Array) => void,
    reject: (error: DomainError) => void,
  ): void {
    const { service, operation } = request;
    const timeoutMs = usableTimeoutMs(request.timeoutMs);
    const frame = toRequestFrame(request, timeoutMs);
    let upload: Uint8Array | undefined;
    if (requestFrameBytes(frame) > link.messageBytesMax()) {
      upload = request.payload;
      frame.chunkedBytes = upload.byteLength;
      frame.payload = nothing;
    }
    frame.id = pending.open({ service, operation, timeoutMs, upload, resolve, reject }).id;
    outbox.add(service, frame);
  }

  function send(service: string, frames: RequestFrame[]): void {
    const open = frames.filter((frame) => pending.get(frame.id) !== undefined);
    const packs = packFrames(open, requestFrameBytes, {
      bytesMax: link.messageBytesMax(),
      countMax: framesPerMessageMax,
    });
    for (const pack of packs) {
      lastBatch += 1;
      for (const frame of pack) {
        const entry = pending.get(frame.id);
        if (entry !== undefined) entry.batch = lastBatch;
      }
      sendBatch(service, pack, lastBatch);
    }
  }

  function sendBatch(service: string, frames: RequestFrame[], batch: number): void {
    try {
      link.publish(requestSubject(service), RequestBatch.encode({ frames }).finish(), batchSubject(link.inbox, batch));
      stats.framesSent += frames.length;
    } catch (err) {
      link.log.error({ err, service, frames: frames.length }, "requests could not be sent");
      pending.rejectEach((entry) => (entry.batch === batch ? brokerAway(entry.operation) : undefined));
    }
  }

  function answers(message: Msg): void {
    for (const frame of decodeReplies(link, message)) {
      stats.framesReceived += 1;
      const entry = pending.get(frame.id);
      if (entry !== undefined) take(entry, frame, message);
      else if (frame.answer?.$case === "chunk") acknowledge(link, message, false);
    }
  }

  function take(entry: Pending, { answer }: ReplyFrame, message: Msg): void {
    switch (answer?.$case) {
      case "payload":
        pending.resolve(entry, answer.value);
        break;
      case "error":
        pending.reject(entry, fromErrorValue(answer.value));
        break;
      case "chunk":
        acknowledge(link, message, takeChunk(entry, answer.value));
        break;
      case "alive":
        pending.heard(entry);
        break;
      case "fetchSubject":
        pending.heard(entry);
        uploads.start(entry, answer.value);
        break;
      default:
        link.malformed("reply frame without an answer", message.data);
    }
  }

  /** Whether more chunks are wanted. */
  function takeChunk(entry: Pending, chunk: Chunk): boolean {
    entry.assembly ??= createAssembly(limits.replyBytesMax, room);
    pending.heard(entry);
    const progress = entry.assembly.add(chunk);
    const error = answerError(entry, progress);
    if (error !== undefined) pending.reject(entry, error);
    else if (progress.state === "done") pending.resolve(entry, progress.payload);
    return error === undefined;
  }

  function answerError({ service, operation }: Pending, progress: Progress): DomainError | undefined {
    if (progress.state === "lost") return replicaLost(service, operation);
    if (progress.state === "too-large") return replyTooLarge(operation, progress.bytes, limits.replyBytesMax);
    return progress.state === "no-room" ? noRoom(operation) : undefined;
  }
}

function decodeReplies(link: Link, message: Msg): ReplyFrame[] {
  try {
    return ReplyBatch.decode(message.data).frames;
  } catch (err) {
    link.malformed("reply batch", message.data, err);
    return [];
  }
}
