import { type DomainError, newId } from "@flovyn/domain";
import { RequestBatch, RequestChunk, type RequestFrame } from "@flovyn/proto/internal";
import type { Msg } from "nats";
import type { RequestHandler, ServiceName, Serving } from "../bus.js";
import { toErrorValue } from "../error-value.js";
import {
  chunksStopped,
  noRoom,
  openRequestsMax,
  replicaLost,
  replyTooLarge,
  requestTooLarge,
  timeoutMsMax,
  tooManyOpen,
} from "../request-errors.js";
import { createRunning } from "../running.js";
import { inboxOf, replicaSubject, requestSubject } from "../subjects.js";
import { acknowledge } from "./acknowledge.js";
import { type Assembly, type AssemblyRoom, createAssembly, type Progress } from "./assembly.js";
import { toIncomingRequest } from "./frames.js";
import type { Link } from "./link.js";
import type { Replies } from "./replies.js";
import type { NatsBusLimits } from "./settings.js";

/** A request this replica took and has not answered. */
interface Taken {
  inbox: string;
  frame: RequestFrame;
  takenAt: number;
  /** Set while the chunks of the request come in. */
  upload: { assembly: Assembly; heardAt: number } | undefined;
}

export interface ReplicaParts {
  link: Link;
  limits: NatsBusLimits;
  replies: Replies;
  room: AssemblyRoom;
}

/** The answering side: one replica of one service. */
export function startReplica(parts: ReplicaParts, service: ServiceName, handler: RequestHandler): Serving {
  const { link, limits, replies, room } = parts;
  const { stats } = link;
  const chunkSubject = replicaSubject(service, newId());
  const taken = new Set<Taken>();
  const uploads = new Map<string, Taken>();
  const running = createRunning();
  let tick: NodeJS.Timeout | undefined;
  let stopped: Promise<void> | undefined;

  const requests = link.subscribe(requestSubject(service), onBatch, service);
  const chunks = link.subscribe(chunkSubject, onChunk);

  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };

  async function stop(): Promise<void> {
    await requests.drain();
    await running.idle();
    await chunks.drain();
    clearInterval(tick);
    replies.flush();
    await link.settled();
  }

  function onBatch(message: Msg): void {
    const inbox = inboxOf(message.reply ?? "");
    if (inbox === undefined) {
      link.malformed("request batch without an inbox", message.data);
      return;
    }
    for (const frame of RequestBatch.decode(message.data).frames) {
      stats.framesReceived += 1;
      if (frame.id === 0) link.malformed("request frame without an id", message.data);
      else accept({ inbox, frame, takenAt: performance.now(), upload: undefined });
    }
  }

  function accept(request: Taken): void {
    const error = refusal(request.frame);
    taken.add(request);
    running.begin();
    stats.served += 1;
    stats.running += 1;
    tick ??= setInterval(onTick, limits.aliveIntervalMs).unref();
    if (error !== undefined) refuse(request, error);
    else if (request.frame.chunkedBytes > 0) fetchChunks(request);
    else void run(request, request.frame.payload);
  }

  function refusal({ operation, chunkedBytes }: RequestFrame): DomainError | undefined {
    if (taken.size >= openRequestsMax) return tooManyOpen(operation);
    const tooLarge = chunkedBytes > limits.requestBytesMax;
    return tooLarge ? requestTooLarge(operation, chunkedBytes, limits.requestBytesMax) : undefined;
  }

  function fetchChunks(request: Taken): void {
    const { inbox, frame } = request;
    request.upload = { assembly: createAssembly(frame.chunkedBytes, room), heardAt: request.takenAt };
    uploads.set(uploadKey(inbox, frame.id), request);
    replies.add(inbox, { id: frame.id, answer: { $case: "fetchSubject", value: chunkSubject } });
  }

  function onChunk(message: Msg): void {
    stats.framesReceived += 1;
    const { id, inbox, chunk } = RequestChunk.decode(message.data);
    const request = uploads.get(uploadKey(inbox, id));
    if (chunk === undefined || request?.upload === undefined) {
      acknowledge(link, message, false);
      return;
    }
    request.upload.heardAt = performance.now();
    const progress = request.upload.assembly.add(chunk);
    const error = uploadError(request.frame, progress);
    acknowledge(link, message, error === undefined);
    if (error !== undefined) refuse(request, error);
    else if (progress.state === "done") {
      endUpload(request);
      void run(request, progress.payload);
    }
  }

  function uploadError({ operation, chunkedBytes }: RequestFrame, progress: Progress): DomainError | undefined {
    if (progress.state === "lost") return replicaLost(service, operation);
    if (progress.state === "too-large") return requestTooLarge(operation, progress.bytes, chunkedBytes);
    return progress.state === "no-room" ? noRoom(operation) : undefined;
  }

  async function run(request: Taken, payload: Uint8Array): Promise<void> {
    const { inbox, frame } = request;
    try {
      const answer = await handler(toIncomingRequest(frame, payload));
      const bytes = answer.byteLength;
      if (bytes > limits.replyBytesMax) throw replyTooLarge(frame.operation, bytes, limits.replyBytesMax);
      await replies.addPayload(inbox, frame.id, answer, () => isAwaited(request, performance.now()));
      end(request);
    } catch (error) {
      refuse(request, error);
    }
  }

  function refuse(request: Taken, error: unknown): void {
    const { inbox, frame } = request;
    stats.servedErrors += 1;
    const value = toErrorValue(error, frame.operation, frame.requestId, link.log);
    replies.add(inbox, { id: frame.id, answer: { $case: "error", value } });
    end(request);
  }

  function end(request: Taken): void {
    endUpload(request);
    taken.delete(request);
    stats.running -= 1;
    running.end();
  }

  function endUpload(request: Taken): void {
    if (request.upload === undefined) return;
    request.upload.assembly.release();
    request.upload = undefined;
    uploads.delete(uploadKey(request.inbox, request.frame.id));
  }

  /** Says what is still worked on, and gives up uploads whose requester fell silent. */
  function onTick(): void {
    if (taken.size === 0) {
      clearInterval(tick);
      tick = undefined;
      return;
    }
    const now = performance.now();
    for (const request of taken) {
      const { inbox, frame, takenAt, upload } = request;
      if (upload !== undefined && now - upload.heardAt > limits.silenceMs * 2) {
        refuse(request, chunksStopped(frame.operation));
      } else if (now - takenAt >= limits.aliveAfterMs && isAwaited(request, now)) {
        replies.add(inbox, { id: frame.id, answer: { $case: "alive", value: true } });
      }
    }
  }
}

/** False when the deadline passed: the requester has given up. */
function isAwaited({ frame, takenAt }: Taken, now: number): boolean {
  return now < takenAt + Math.min(frame.timeoutMs, timeoutMsMax);
}

function uploadKey(inbox: string, id: number): string {
  return `${inbox} ${id}`;
}
