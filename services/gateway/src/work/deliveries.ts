import type { Http2Session } from "node:http2";
import type { WorkKind } from "@flovyn/bus";
import type { Logger } from "@flovyn/runtime";
import { deliveryAnswerMs, deliveryPingMs, deliveryTasksMs } from "../limits.js";
import { type NamedWorker, workerKey } from "../presence/named-worker.js";
import type { DeadlineWheel, Timed } from "./deadline-wheel.js";

/** Work that was written to a connection. */
export interface Delivery extends NamedWorker {
  readonly kind: WorkKind;
  readonly queue: string;
  readonly id: string;
  readonly claimEpoch: number;
}

export interface DeliveriesOptions {
  wheel: DeadlineWheel;
  now: () => number;
  log: Logger;
  /** Gives work back. Never rejects. */
  release: (deliveries: readonly Delivery[]) => void;
  /** Ends the polls that wait on a connection: what they would be given would be lost as well. */
  endPolls: (session: Http2Session) => void;
}

/**
 * Makes sure that work which was handed out has arrived. A connection may be dead without either end knowing: what is written
 * to it is lost, and its worker may be alive on another one. So a connection that was given work is pinged, and what it was
 * given before a ping that is answered has arrived, because bytes keep their order. One ping at a time for a connection, at
 * most two in a second; nothing is done for a single call.
 *
 * Where the ping is not answered, workflows go back at once. A worker whose event loop is blocked by a task does not answer
 * either, and still works: its tasks go back when it polls over another connection, which it cannot while it is blocked, or
 * after a minute.
 */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #sessions = new WeakMap<Http2Session, SessionDeliveries>();
  /** Connections that do not answer, with tasks, by the workers of those. */
  readonly #unanswered = new Map<string, Set<SessionDeliveries>>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  delivered(session: Http2Session, delivery: Delivery): void {
    let deliveries = this.#sessions.get(session);
    if (deliveries === undefined) {
      deliveries = new SessionDeliveries(session, this.#options, this.#unanswered);
      this.#sessions.set(session, deliveries);
    }
    deliveries.add(delivery);
  }

  /** A worker polls: what it was given on another connection that does not answer is lost. */
  polled(worker: NamedWorker, session: Http2Session | undefined): void {
    if (this.#unanswered.size === 0 || worker.workerId === "") return;
    const key = workerKey(worker);
    for (const deliveries of this.#unanswered.get(key) ?? [])
      if (deliveries.session !== session) deliveries.replaced(key);
  }
}

class SessionDeliveries implements Timed {
  dueAtMs = 0;
  slot = -1;
  readonly session: Http2Session;
  readonly #options: DeliveriesOptions;
  readonly #unanswered: Map<string, Set<SessionDeliveries>>;
  #state: "quiet" | "gathering" | "pinging" | "unanswered" = "quiet";
  /** Since the last ping. */
  #fresh: Delivery[] = [];
  /** Before the ping that is under way. */
  #pinged: Delivery[] = [];

  constructor(session: Http2Session, options: DeliveriesOptions, unanswered: Map<string, Set<SessionDeliveries>>) {
    this.session = session;
    this.#options = options;
    this.#unanswered = unanswered;
    let isBroken = false;
    session.once("error", () => {
      isBroken = true;
    });
    // A connection that its worker closed in order has given the worker what was on it.
    session.once("close", () => this.#closed(isBroken));
  }

  add(delivery: Delivery): void {
    this.#fresh.push(delivery);
    if (this.#state === "quiet") this.#await("gathering", deliveryPingMs);
  }

  due(): void {
    const { now } = this.#options;
    const lateMs = now() - this.dueAtMs;
    if (this.#state === "gathering") this.#ping();
    // This process was busy itself: the answer may be here and not read yet.
    else if (this.#state === "pinging" && lateMs > deliveryPingMs) this.#await("pinging", 2 * deliveryPingMs);
    else if (this.#state === "pinging") this.#notAnswered();
    else if (this.#state === "unanswered") this.#giveBack(() => true, "for a minute");
  }

  /** The worker has another connection. */
  replaced(key: string): void {
    this.#giveBack((delivery) => workerKey(delivery) === key, "and its worker has another connection");
  }

  #ping(): void {
    this.#pinged = this.#fresh;
    this.#fresh = [];
    this.#await("pinging", deliveryAnswerMs);
    if (this.session.destroyed) return;
    this.session.ping((error) => {
      if (error === null) this.#answered();
    });
  }

  #answered(): void {
    if (this.#state === "unanswered") this.#forget();
    this.#options.wheel.remove(this);
    this.#pinged = [];
    if (this.#fresh.length === 0) this.#state = "quiet";
    else this.#await("gathering", deliveryPingMs);
  }

  #notAnswered(): void {
    this.#options.endPolls(this.session);
    this.#giveBack(({ kind }) => kind === "workflow", "to a ping");
    const tasks = [...this.#pinged, ...this.#fresh];
    this.#await("unanswered", deliveryTasksMs);
    for (const key of new Set(tasks.map(workerKey))) {
      const sessions = this.#unanswered.get(key) ?? new Set();
      this.#unanswered.set(key, sessions.add(this));
    }
  }

  #closed(isBroken: boolean): void {
    this.#options.wheel.remove(this);
    if (isBroken || this.#state === "unanswered") this.#giveBack(() => true, "any more");
    this.#forget();
    this.#fresh = [];
    this.#pinged = [];
    this.#state = "quiet";
  }

  #giveBack(which: (delivery: Delivery) => boolean, how: string): void {
    const all = [...this.#pinged, ...this.#fresh];
    const lost = all.filter(which);
    this.#pinged = all.filter((delivery) => !which(delivery));
    this.#fresh = [];
    if (lost.length === 0) return;
    const workers = [...new Set(lost.map(({ workerId }) => workerId))].slice(0, 10);
    this.#options.log.warn(
      { items: lost.length, workers },
      `a connection does not answer ${how}; its work is given back`,
    );
    this.#options.release(lost);
  }

  #forget(): void {
    for (const [key, sessions] of this.#unanswered) {
      if (sessions.delete(this) && sessions.size === 0) this.#unanswered.delete(key);
    }
  }

  #await(state: "gathering" | "pinging" | "unanswered", ms: number): void {
    const { wheel, now } = this.#options;
    this.#state = state;
    wheel.remove(this);
    wheel.add(this, now() + ms);
  }
}
