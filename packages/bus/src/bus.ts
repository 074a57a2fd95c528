import type { HintSubject } from "./subjects.js";

/** The services that answer requests. The queue group of a service is its name. */
export type ServiceName = "dispatch" | "tasks" | "timers" | "promises";

/** Who asks, and for whom: travels in every request frame beside the payload. */
export interface Caller {
  orgId: string;
  principalType: "User" | "Worker" | "Service";
  principalId: string;
  role?: string;
}

/** A principal within its org, whatever its credential and its role: `Worker/token:…`. Types of principals hold no slash. */
export function principalOf({ principalType, principalId }: Pick<Caller, "principalType" | "principalId">): string {
  return `${principalType}/${principalId}`;
}

export interface RequestHeader {
  caller: Caller;
  requestId: string;
  /** W3C trace context, empty when there is none. */
  traceparent: string;
  /** From metadata `flovyn-claim-epoch`; undefined when the caller sent none. */
  claimEpoch?: number;
  /**
   * Submissions only: the sequence up to which the gateway gave this worker the history for this activation. 0: not at all.
   */
  historySequence?: number;
}

export interface BusRequest extends RequestHeader {
  service: ServiceName;
  /** gRPC path without the leading slash (`flovyn.v1.TaskExecution/PollTask`) or `internal/<Name>`. */
  operation: string;
  payload: Uint8Array;
  /** Time left for an answer. After it the request rejects with Timeout, by the name of the operation where that is public. */
  timeoutMs: number;
  /** Asked before a read that had to wait is made: false when its caller has left. Stays in this process. */
  isWanted?: () => boolean;
}

export interface IncomingRequest extends RequestHeader {
  operation: string;
  payload: Uint8Array;
  /** Time left when the request arrived. */
  timeoutMs: number;
}

/** Rejects with a DomainError for an expected failure; anything else reaches the requester as Internal. */
export type RequestHandler = (request: IncomingRequest) => Promise<Uint8Array>;
export type HintHandler = (payload: Uint8Array, subject: string) => void;

export interface Subscription {
  /** Stops deliveries. Idempotent. */
  stop(): Promise<void>;
}

export interface Serving {
  /** Stops taking requests, waits for those that run to be answered. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Requests between services and hints to all of them. Two implementations, NATS and in-process, one contract test suite.
 * A hint may be lost; a request is answered, or rejects with Unavailable or Timeout.
 */
export interface Bus {
  /** Errors: whatever the handler rejected with; Unavailable when no replica listens or the one that took it died; Timeout; PayloadTooLarge. */
  request(request: BusRequest): Promise<Uint8Array>;
  serve(service: ServiceName, handler: RequestHandler): Promise<Serving>;
  /** Fire and forget: never throws, never waits. A failure is counted and logged. */
  hint(subject: HintSubject, payload: Uint8Array): void;
  /** Every subscriber gets every hint. */
  subscribe(subject: HintSubject, handler: HintHandler): Promise<Subscription>;
  /** Sends what is buffered and waits until the broker has it. Tests and shutdown. */
  flush(): Promise<void>;
  /** True while requests can be sent. */
  connected(): boolean;
  /** Lets running requests end, then closes. Idempotent. */
  drain(): Promise<void>;
}
