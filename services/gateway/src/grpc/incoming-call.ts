import { constants } from "node:http2";
import type { Caller } from "@flovyn/bus";
import { DomainError, invalidField, newId } from "@flovyn/domain";
import { countElements, type MessageShape, UnsafeMapKey } from "@flovyn/proto/wire";
import type { Metadata, ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { toCallError } from "../audit/auditor.js";
import type { Credentials } from "../auth/authenticate.js";
import { answerTimeMs } from "../budgets/answer-time.js";
import { holderOn } from "../budgets/budget-holder.js";
import type { CallInTurn } from "../budgets/handling-turns.js";
import type { Timed } from "../work/deadline-wheel.js";
import type { Admission } from "./admission.js";
import { type AccountOwner, CallAccount } from "./call-account.js";
import { refusedHead } from "./call-heads.js";
import { readCredentials } from "./credentials.js";
import type { GrpcContext } from "./grpc-context.js";
import { smallMessage } from "./message-limits.js";
import { followPieces, isCompressed, limitMessage, streamOf } from "./raw-call.js";
import { reflectionTarget } from "./reflection.js";
import type { CallTarget } from "./routes.js";

/** What the way in needs of the door. */
export type IncomingContext = Pick<
  GrpcContext,
  "authorize" | "auditor" | "budgets" | "handling" | "metrics" | "statusEdge" | "wheel" | "now"
>;

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
export class IncomingCall implements ServerInterceptingCallInterface, Listener, Timed, AccountOwner, CallInTurn {
  dueAtMs = 0;
  slot = -1;
  readonly #parts: IncomingCallParts;
  readonly #call: ServerInterceptingCallInterface;
  readonly #startedMs = performance.now();
  #listener: Listener | undefined;
  #account: CallAccount | undefined;
  #caller: Caller | undefined;
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
    const credentials = readCredentials({ metadata, getPeer: () => this.#call.getPeer() });
    const refused = refusedHead(streamOf(this.#call));
    if (refused !== undefined) {
      this.#refuse(refused, { credentials });
      return;
    }
    if (target === undefined) {
      this.#pass(metadata);
      return;
    }
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
    if (this.#state !== "open") return;
    try {
      if (Buffer.isBuffer(message)) this.#check(message);
    } catch (error) {
      this.#end(error, newId());
      return;
    }
    this.#listener?.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    this.#received = true;
    this.#parts.context.wheel.remove(this);
    if (this.#caller === undefined) this.handle();
    else this.#parts.context.handling.run(this.#caller.orgId, this);
  }

  /** The request is complete, which is what the handler of a unary call waits for. */
  handle(): void {
    if (this.#state === "open") this.#listener?.onReceiveHalfClose();
  }

  /** The caller left, or an answer was sent, by whomever. */
  onCancel(): void {
    const { admission, context } = this.#parts;
    context.wheel.remove(this);
    this.#account?.requestOver();
    if (this.#state !== "refused") {
      this.#state = "over";
      this.#listener?.onCancel();
    }
    const isOpen = streamOf(this.#call)?.closed === false;
    if (!this.#received && isOpen) context.wheel.add(this, context.now() + admission.lingerMs);
  }

  /** The answer was not taken in time, or the request was not sent in time, or its rest goes on after the answer. */
  due(): void {
    if ((this.#account?.answerBytes ?? 0) > 0) this.#cut();
    else if (this.#state !== "open") this.#closeStream();
    else {
      const { messageMs } = this.#parts.admission;
      this.#end(new DomainError("Timeout", `the request was not sent within ${messageMs} ms`), newId());
    }
  }

  requestRefused(error: unknown): void {
    if (this.#state === "open") this.#end(error, newId());
  }

  sendMetadata(metadata: Metadata): void {
    this.#call.sendMetadata(metadata);
  }

  /** An answer that is more than its caller may leave unread ends the call; the handler learns that it was not sent. */
  sendMessage(message: unknown, callback: () => void): void {
    const account = this.#account;
    if (account === undefined || !Buffer.isBuffer(message)) {
      this.#call.sendMessage(message, callback);
      return;
    }
    const bytes = message.byteLength;
    try {
      account.answer(bytes);
    } catch (error) {
      this.#end(error, newId());
      return;
    }
    if (this.#caller !== undefined) this.#parts.admission.charge(this.#caller, bytes);
    const { wheel, now } = this.#parts.context;
    wheel.remove(this);
    wheel.add(this, now() + answerTimeMs(account.answerBytes));
    this.#call.sendMessage(message, () => {
      wheel.remove(this);
      account.taken(bytes);
      callback();
    });
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
    admission.admit(metadata, { caller, credentials, session: streamOf(this.#call)?.session });
    this.#caller = caller;
    try {
      this.#pass(metadata);
    } catch (error) {
      this.#refuse(error, { caller, credentials });
    }
  }

  /** Lets the call go on, unless its caller left while the key was looked at. Errors: LimitExceeded. */
  #pass(metadata: Metadata): void {
    if (this.#state !== "new") return;
    const { admission, context, requestStream } = this.#parts;
    this.#openAccount();
    this.#state = "open";
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
    const stream = streamOf(this.#call);
    if (stream?.closed === false) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  /** Looks at a message before it is decoded. Errors: PayloadTooLarge; InvalidInput naming a map. */
  #check(message: Buffer): void {
    const { admission, target } = this.#parts;
    this.#account?.received(message.byteLength);
    if (this.#caller !== undefined) admission.charge(this.#caller, message.byteLength);
    if (target?.request === undefined) return;
    const { elements } = target.limits;
    if (elementsOf(target.request, message, elements) > elements) {
      throw new DomainError("PayloadTooLarge", `request: must have at most ${elements} elements, has more`, {
        field: "request",
      });
    }
  }

  /** Ends a stream whose answer is not read: grpc-js would keep the answer as long as the connection is there. */
  #cut(): void {
    const stream = streamOf(this.#call);
    if (stream?.destroyed === false) stream.close(constants.NGHTTP2_CANCEL);
  }

  #openAccount(): void {
    const { context, target } = this.#parts;
    const { bytes } = target?.limits ?? smallMessage;
    const stream = streamOf(this.#call);
    limitMessage(this.#call, bytes);
    if (stream !== undefined) {
      this.#account = new CallAccount({
        budgets: context.budgets,
        holder: holderOn(stream.session, this.#caller),
        reserveBytes: isCompressed(this.#call) ? bytes : 0,
        owner: this,
      });
      this.#account.closeWith(stream);
    }
    followPieces(this.#call, this.#account);
  }
}

/** Errors: InvalidInput naming a map that has a key which decoded messages cannot hold. */
function elementsOf(shape: MessageShape, message: Buffer, max: number): number {
  try {
    return countElements(shape, message, max) ?? 0;
  } catch (error) {
    if (error instanceof UnsafeMapKey) throw invalidField(error.field, "must not have the key __proto__");
    throw error;
  }
}
