import type { Http2Session } from "node:http2";
import type { NamedWorker } from "../presence/named-worker.js";
import type { Timed } from "./deadline-wheel.js";
import type { LinePoller } from "./work-line.js";

/** Where a poll ends: with the bytes of the answer, which are empty when there was no work, or with an error. */
export interface PollReply {
  /** False when the caller turned out to be gone. */
  ok(response: Uint8Array): boolean;
  fail(error: unknown): void;
}

export const noWork: Uint8Array = Buffer.alloc(0);

/** Who keeps the poll while it waits. */
export interface PollHost {
  /** Its time is over. */
  pollDue(poll: ParkedPoll): void;
  /** It is about to be answered. */
  pollEnded(poll: ParkedPoll): void;
  /** Its caller left. */
  pollLeft(poll: ParkedPoll): void;
}

/** How many polls wait in this process. */
export interface PollCount {
  polls: number;
}

export interface PollConditions {
  leaseMs: number;
  session?: Http2Session | undefined;
}

/** One poll call that waits for work, on a line and on the deadline wheel. */
export class ParkedPoll implements LinePoller, Timed, NamedWorker {
  place: LinePoller["place"] = "new";
  gone = false;
  expired = false;
  dueAtMs = 0;
  slot = -1;
  readonly orgId: string;
  readonly principal: string;
  readonly workerId: string;
  /** Lease the worker asks for; 0 means the default of the service. */
  readonly leaseMs: number;
  /** The connection it waits on; undefined in tests. */
  readonly session: Http2Session | undefined;
  readonly #reply: PollReply;
  readonly #host: PollHost;

  constructor(order: NamedWorker & PollConditions, reply: PollReply, host: PollHost) {
    this.orgId = order.orgId;
    this.principal = order.principal;
    this.workerId = order.workerId;
    this.leaseMs = order.leaseMs;
    this.session = order.session;
    this.#reply = reply;
    this.#host = host;
  }

  due(): void {
    this.#host.pollDue(this);
  }

  /** Ends the poll without an answer: its caller left. False when it is over already. */
  leave(): boolean {
    if (this.place === "done" || this.gone) return false;
    this.#host.pollLeft(this);
    return true;
  }

  /** Ends the poll with an error, unless it is over already. */
  abandon(error: unknown): void {
    if (this.leave()) this.#reply.fail(error);
  }

  answer(response: Uint8Array): boolean {
    this.#host.pollEnded(this);
    return this.#reply.ok(response);
  }

  fail(error: unknown): void {
    this.#host.pollEnded(this);
    this.#reply.fail(error);
  }
}
