import type { sendUnaryData } from "@grpc/grpc-js";
import type { RpcMeter } from "../metrics.js";
import { asBuffer, sendMessage } from "./identity.js";
import type { StatusEdge } from "./status.js";

/** Ends one call, once, and counts it. */
export class Reply {
  readonly requestId: string;
  /** Called when the call has ended. */
  onEnd: (() => void) | undefined;
  /** Called with what the call ended with: undefined or an error. Not when the caller left. */
  onResult: ((error: unknown) => void) | undefined;
  readonly #send: sendUnaryData<Buffer>;
  readonly #meter: RpcMeter;
  readonly #edge: StatusEdge;
  readonly #startedMs: number = performance.now();

  constructor(requestId: string, send: sendUnaryData<Buffer>, meter: RpcMeter, edge: StatusEdge) {
    this.requestId = requestId;
    this.#send = send;
    this.#meter = meter;
    this.#edge = edge;
  }

  /** False when the caller turned out to be gone. */
  ok(answer: Uint8Array): boolean {
    const sent = sendMessage(this.#send, asBuffer(answer));
    this.onEnd?.();
    this.onResult?.(undefined);
    this.#meter.ended(sent ? "OK" : "CANCELLED", this.#startedMs);
    return sent;
  }

  fail(error: unknown): void {
    const status = this.#edge(error, this.requestId);
    this.#send(status);
    this.onEnd?.();
    this.onResult?.(error);
    this.#meter.ended(status.name, this.#startedMs);
  }

  /** The caller left before there was an answer. */
  left(): void {
    this.onEnd?.();
    this.#meter.ended("CANCELLED", this.#startedMs);
  }
}
