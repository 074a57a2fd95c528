import { type Caller, workSubject } from "@flovyn/bus";
import { checkLength, checkOrg, type DomainError, invalidField, newId, parseQueue } from "@flovyn/domain";
import { SubscriptionRequest, WorkAvailableEvent } from "@flovyn/proto/v1";
import { Metadata, type ServerWritableStream } from "@grpc/grpc-js";
import type { HintListener } from "../hints/hint-channels.js";
import { notificationGapMs } from "../limits.js";
import type { RpcMeter } from "../metrics.js";
import { connectionOf, type NamedWorker, workerOf } from "../presence/named-worker.js";
import type { Timed } from "../work/deadline-wheel.js";
import { auditCall, auditFacts } from "./audit-call.js";
import { authorizeCall } from "./authorize-call.js";
import { decodeRequest } from "./decode.js";
import type { GrpcContext } from "./grpc-context.js";
import { asBuffer } from "./identity.js";
import { readWorkerSession } from "./metadata.js";
import type { Route } from "./routes.js";

export type RawServerStream = ServerWritableStream<Buffer, Buffer>;

/** The open notification streams of this process. */
export class NotificationStreams {
  readonly #context: GrpcContext;
  readonly #route: Route;
  readonly #meter: RpcMeter;
  readonly #streams = new Set<NotificationStream>();
  #draining = false;

  constructor(context: GrpcContext, route: Route) {
    this.#context = context;
    this.#route = route;
    this.#meter = context.metrics.rpc(route.name);
  }

  get size(): number {
    return this.#streams.size;
  }

  open(call: RawServerStream): void {
    const startedMs = performance.now();
    const { caller, credentials } = this.#context.admission.of(call);
    const requestId = newId();
    try {
      authorizeCall(this.#context, this.#route, caller, call.request);
      const subscription = this.#read(call, caller);
      const release = this.#context.held.hold({
        ...{ caller, kind: "streams" },
        check: () => authorizeCall(this.#context, this.#route, caller, call.request),
        facts: () => auditFacts(this.#route, { call, credentials, caller, requestId }),
        end: (why) => this.#fail(stream, why),
      });
      const stream = new NotificationStream(this.#context, { call, subscription, startedMs, release });
      this.#streams.add(stream);
      call.once("cancelled", () => {
        if (!this.#streams.delete(stream)) return;
        // A break of the connection and the end of the worker look the same from here. A worker that stopped on purpose
        // holds no work, so taking it for lost does no harm.
        stream.close(true);
        this.#meter.ended("CANCELLED", startedMs);
      });
      if (this.#draining) this.#end(stream);
    } catch (error) {
      auditCall(this.#context, this.#route, { call, credentials, caller, requestId }, error);
      const status = this.#context.statusEdge(error, requestId);
      call.emit("error", status);
      this.#meter.ended(status.name, startedMs);
    }
  }

  /** Ends every stream with OK. The workers are not lost: they come back through another gateway. */
  drain(): void {
    this.#draining = true;
    for (const stream of [...this.#streams]) this.#end(stream);
  }

  /** The subscriber may not go on. Its worker holds no work that could not be handed out again. */
  #fail(stream: NotificationStream, why: DomainError): void {
    if (!this.#streams.delete(stream)) return;
    stream.close(true);
    const status = this.#context.statusEdge(why, newId());
    stream.fail(status);
    this.#meter.ended(status.name, stream.startedMs);
  }

  #end(stream: NotificationStream): void {
    this.#streams.delete(stream);
    stream.close(false);
    stream.end();
    this.#meter.ended("OK", stream.startedMs);
  }

  #read(call: RawServerStream, caller: Caller): Subscription {
    const request = decodeRequest(SubscriptionRequest, call.request, "SubscriptionRequest");
    checkOrg(request.orgId, caller.orgId);
    if (request.queue.trim() === "") throw invalidField("queue", "must not be blank");
    const session = readWorkerSession(call.metadata);
    if (session && request.workerId === "") throw invalidField("worker_id", "is required for a worker session");
    return {
      ...workerOf(caller, checkLength(request.workerId, "worker_id", 255)),
      connection: connectionOf(call, caller),
      queue: parseQueue(request.queue, "queue"),
      session,
    };
  }
}

interface Subscription extends NamedWorker {
  connection: string;
  queue: string;
  session: boolean;
}

interface OpenedStream {
  call: RawServerStream;
  subscription: Subscription;
  startedMs: number;
  /** To be called at the end. */
  release: () => void;
}

/** Tells one subscriber that its queue has work: the first hint at once, those of the next 50 ms together after them. */
class NotificationStream implements HintListener, Timed {
  dueAtMs = 0;
  slot = -1;
  readonly startedMs: number;
  readonly #context: GrpcContext;
  readonly #call: RawServerStream;
  readonly #subscription: Subscription;
  readonly #unlisten: (() => void)[];
  readonly #endSession: ((lost: boolean) => void) | undefined;
  readonly #release: () => void;
  #lastEventMs = Number.NEGATIVE_INFINITY;
  #subscribed = 0;
  #blocked = false;
  #closed = false;

  constructor(context: GrpcContext, stream: OpenedStream) {
    const { call, subscription, startedMs, release } = stream;
    const { orgId, queue, connection, session } = subscription;
    this.startedMs = startedMs;
    this.#release = release;
    this.#context = context;
    this.#call = call;
    this.#subscription = subscription;
    if (session) this.#endSession = context.presence.openSession(subscription, connection);
    else context.presence.seen(subscription, connection);
    this.#unlisten = [
      context.hints.listen(workSubject("workflow", orgId, queue), this),
      context.hints.listen(workSubject("task", orgId, queue), this),
    ];
  }

  hint(): void {
    if (this.#closed || this.slot >= 0 || this.#blocked) return;
    const waitMs = this.#lastEventMs + notificationGapMs - this.#context.now();
    if (waitMs <= 0) this.due();
    else this.#context.wheel.add(this, this.#context.now() + waitMs);
  }

  /** The headers tell the caller that from now on it misses nothing. A stream that subscribes again may have missed some. */
  subscribed(): void {
    this.#subscribed += 1;
    if (this.#subscribed === 2) this.#call.sendMetadata(new Metadata());
  }

  due(): void {
    if (this.#closed) return;
    this.#lastEventMs = this.#context.now();
    const event = WorkAvailableEvent.encode({
      orgId: this.#subscription.orgId,
      queue: this.#subscription.queue,
      timestampMs: Date.now(),
    }).finish();
    if (this.#call.write(asBuffer(event))) return;
    // A reader that does not keep up gets one event when it does, however many hints came meanwhile.
    this.#blocked = true;
    this.#call.once("drain", () => {
      this.#blocked = false;
      this.hint();
    });
  }

  close(lost: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.wheel.remove(this);
    for (const unlisten of this.#unlisten) unlisten();
    this.#endSession?.(lost);
    this.#release();
  }

  end(): void {
    this.#call.end();
  }

  fail(status: object): void {
    this.#call.emit("error", status);
  }
}
