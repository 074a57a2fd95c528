import { constants, type ServerHttp2Stream } from "node:http2";
import type { Caller } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { toCallError } from "../audit/auditor.js";
import type { Credentials } from "../auth/authenticate.js";
import type { Timed } from "../work/deadline-wheel.js";
import type { Admission } from "./admission.js";
import { readCredentials } from "./credentials.js";
import type { GrpcContext } from "./grpc-context.js";
import { reflectionTarget } from "./reflection.js";
import type { CallTarget } from "./routes.js";

/** What the way in needs of the door. */
export type IncomingContext = Pick<GrpcContext, "authorize" | "auditor" | "metrics" | "statusEdge" | "wheel" | "now">;

export interface IncomingCallParts {
  context: IncomingContext;
  admission: Admission;
  /** The call as the library made it. */
  call: ServerInterceptingCallInterface;
  /** Undefined for what is open to everybody. */
  target: CallTarget | undefined;
  requestStream: boolean;
}

type Listener = Parameters<ServerInterceptingCallInterface["start"]>[0];

/**
 * A call between grpc-js and its handler. As a listener it hears what arrives, and lets it through when the caller is
 * known; as a call it hands on what the handler does. On the wheel it waits for the end of the request.
 */
export class IncomingCall implements ServerInterceptingCallInterface, Listener, Timed {
  dueAtMs = 0;
  slot = -1;
  readonly #parts: IncomingCallParts;
  readonly #call: ServerInterceptingCallInterface;
  readonly #startedMs = performance.now();
  #listener: Listener | undefined;
  #state: "new" | "open" | "refused" | "over" = "new";
  /** The caller has sent all of its request. */
  #received = false;

  constructor(parts: IncomingCallParts) {
    this.#parts = parts;
    this.#call = parts.call;
  }

  start(listener: Listener): void {
    this.#listener = listener;
    this.#call.start(this);
  }

  onReceiveMetadata(metadata: Metadata): void {
    const { admission, target } = this.#parts;
    if (target === undefined) {
      this.#pass(metadata);
      return;
    }
    const credentials = readCredentials({ metadata, getPeer: () => this.#call.getPeer() });
    let caller: Caller | Promise<Caller>;
    try {
      caller = admission.authenticate(credentials);
    } catch (error) {
      this.#refuse(error, { credentials });
      return;
    }
    if (caller instanceof Promise) {
      caller.then(
        (found) => this.#admit(metadata, found, credentials),
        (error: unknown) => this.#refuse(error, { credentials }),
      );
    } else this.#admit(metadata, caller, credentials);
  }

  onReceiveMessage(message: unknown): void {
    if (this.#state === "open") this.#listener?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#received = true;
    this.#parts.context.wheel.remove(this);
    if (this.#state === "open") this.#listener?.onReceiveHalfClose();
  }

  /** The caller left, or an answer was sent, by whomever. */
  onCancel(): void {
    const { admission, context } = this.#parts;
    context.wheel.remove(this);
    if (this.#state !== "refused") {
      this.#state = "over";
      this.#listener?.onCancel();
    }
    if (!this.#received && this.#stream?.closed === false) context.wheel.add(this, context.now() + admission.lingerMs);
  }

  due(): void {
    if (this.#state !== "open") this.#closeStream();
    else {
      const { messageMs } = this.#parts.admission;
      this.#end(new DomainError("Timeout", `the request was not sent within ${messageMs} ms`), newId());
    }
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.sendMetadata(metadata);
  }

  sendMessage(message: unknown, callback: () => void): void {
    this.#call.sendMessage(message, callback);
  }

  sendStatus(status: Parameters<ServerInterceptingCallInterface["sendStatus"]>[0]): void {
    this.#call.sendStatus(status);
  }

  startRead(): void {
    this.#call.startRead();
  }

  getPeer(): string {
    return this.#call.getPeer();
  }

  getDeadline(): ReturnType<ServerInterceptingCallInterface["getDeadline"]> {
    return this.#call.getDeadline();
  }

  getHost(): string {
    return this.#call.getHost();
  }

  getAuthContext(): ReturnType<ServerInterceptingCallInterface["getAuthContext"]> {
    return this.#call.getAuthContext();
  }

  getConnectionInfo(): ReturnType<ServerInterceptingCallInterface["getConnectionInfo"]> {
    return this.#call.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<ServerInterceptingCallInterface["getMetricsRecorder"]> {
    return this.#call.getMetricsRecorder();
  }

  #admit(metadata: Metadata, caller: Caller, credentials: Credentials): void {
    const { admission, context, target } = this.#parts;
    try {
      // Requests of reflection say nothing to policies; others are asked about once more where they do.
      if (target === reflectionTarget) context.authorize(caller, target.action, { orgId: caller.orgId });
      else if (target !== undefined) context.authorize.beforehand(caller, target.action, caller.orgId);
    } catch (error) {
      this.#refuse(error, { caller, credentials });
      return;
    }
    admission.admit(metadata, { caller, credentials });
    this.#pass(metadata);
  }

  /** Lets the call go on, unless its caller left while the key was looked at. */
  #pass(metadata: Metadata): void {
    if (this.#state !== "new") return;
    this.#state = "open";
    const { admission, context, requestStream } = this.#parts;
    if (!requestStream) context.wheel.add(this, context.now() + admission.messageMs);
    this.#listener?.onReceiveMetadata(metadata);
  }

  /** Ends the call of somebody who may not come in, and records that. */
  #refuse(error: unknown, { caller, credentials }: { caller?: Caller; credentials: Credentials }): void {
    const { auditor } = this.#parts.context;
    const requestId = newId();
    // Whoever leaves before the refusal has tried all the same.
    if (this.#state === "new") this.#end(error, requestId);
    const { address } = credentials;
    const action = this.#parts.target?.action;
    auditor.ended({ door: "grpc", caller, action, resourceId: "", address, requestId }, toCallError(error));
  }

  #end(error: unknown, requestId: string): void {
    const { context, target } = this.#parts;
    const status = context.statusEdge(error, requestId);
    this.#state = "refused";
    this.#call.sendStatus(status);
    if (target !== undefined) context.metrics.rpc(target.name).ended(status.name, this.#startedMs);
  }

  /**
   * An answer ends one half of a stream; the other is the caller's, who may go on sending for ever what is thrown away.
   * RFC 9113 §8.1 lets a server ask it to stop. grpc-js has no call for that.
   */
  #closeStream(): void {
    const stream = this.#stream;
    if (stream?.closed === false) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  get #stream(): ServerHttp2Stream | undefined {
    return (this.#call as unknown as { stream?: ServerHttp2Stream }).stream;
  }
}
