import type { Http2Session } from "node:http2";
import type { WorkKind } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { Budgets } from "../budgets/budgets.js";
import { fallbackClaimAfterMs, fallbackPassMs, workLineIdleMs } from "../limits.js";
import type { NamedWorker } from "../presence/named-worker.js";
import { releaseWork } from "./claims.js";
import { Deliveries, type Delivery } from "./deliveries.js";
import { IdlePolls } from "./idle-polls.js";
import type { KindsFilter } from "./kinds-filter.js";
import { ParkedPoll, type PollConditions, type PollReply } from "./parked-poll.js";
import { type LineContext, QueueLine } from "./queue-line.js";

export type WorkLinesBudgets = Pick<Budgets, "poll_queues" | "kinds_bytes">;

export interface PollOrder extends NamedWorker, PollConditions {
  kind: WorkKind;
  queue: string;
  filter: KindsFilter;
  /** How long to wait for work; 0 looks once. */
  holdMs: number;
}

/**
 * All work lines of this process, one for each (kind, org, queue, kinds). Lines are made by the first poll and forgotten
 * after a while without polls, or when their org has too many, those that were used longest ago first.
 */
export class WorkLines {
  readonly #context: LineContext;
  readonly #budgets: WorkLinesBudgets;
  readonly #idlePolls: IdlePolls;
  /** What was handed out and may not have arrived. */
  readonly deliveries: Deliveries;
  /** By org, and of each org in the order of their last use. */
  readonly #orgs = new Map<string, Map<string, QueueLine>>();
  #draining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ budgets, ...context }: Omit<LineContext, "count" | "deliveries"> & { budgets: WorkLinesBudgets }) {
    const { wheel, now, log } = context;
    this.deliveries = new Deliveries({
      ...{ wheel, now, log },
      release: (deliveries) => void this.#release(deliveries),
      endPolls: (session) => this.#endPolls(session),
    });
    this.#context = { ...context, count: { polls: 0 }, deliveries: this.deliveries };
    this.#budgets = budgets;
    this.#idlePolls = new IdlePolls(this.#context);
  }

  get size(): number {
    return this.#budgets.poll_queues.used;
  }

  /** Polls that are not answered yet. */
  get parked(): number {
    return this.#context.count.polls;
  }

  start(): void {
    this.#timer = setInterval(() => this.pass(), fallbackPassMs);
    this.#timer.unref();
  }

  /**
   * Waits for work and replies once, unless the caller leaves first (`leave()` of the returned poll).
   * Errors: LimitExceeded; those of the claim go to `reply`.
   */
  poll(order: PollOrder, reply: PollReply): ParkedPoll {
    const host = this.#draining ? this.#idlePolls : this.#lineFor(order);
    const poll = new ParkedPoll(order, reply, host);
    host.park(poll, this.#draining ? 0 : order.holdMs);
    return poll;
  }

  /** When work on the line was last hinted at; undefined when the line does not exist. */
  lastHintMs(kind: WorkKind, orgId: string, queue: string, filter: KindsFilter): number | undefined {
    return this.#orgs.get(orgId)?.get(lineKey(kind, queue, filter))?.lastHintMs;
  }

  /** Calls back with the worker of every waiting poll: an open poll is a sign of life. */
  eachWaiting(visit: (worker: NamedWorker) => void): void {
    for (const [, line] of this.#all()) for (const poll of line.polls) visit(poll);
    for (const poll of this.#idlePolls.polls) visit(poll);
  }

  /**
   * Runs every few seconds: forgets lines that are idle for long, and looks for work on the one line whose pollers wait
   * longest without a claim. One claim per pass bounds what idle workers cost when hints are lost.
   */
  pass(): void {
    const now = this.#context.now();
    let longest: QueueLine | undefined;
    for (const [key, line] of this.#all()) {
      if (line.idle && now - line.lastUsedMs >= workLineIdleMs) this.#drop(key, line);
      else if (line.parked > 0 && (longest === undefined || line.lastClaimMs < longest.lastClaimMs)) longest = line;
    }
    if (longest !== undefined && now - longest.lastClaimMs >= fallbackClaimAfterMs) longest.look();
  }

  /** Answers all who wait; polls that come later do not wait. What is being claimed is still delivered. */
  drain(): void {
    this.#draining = true;
    clearInterval(this.#timer);
    this.#idlePolls.expireAll();
    for (const [, line] of this.#all()) line.expireAll();
  }

  /** Stops listening to hints. */
  stop(): void {
    clearInterval(this.#timer);
    for (const [key, line] of this.#all()) this.#drop(key, line);
  }

  async #release(deliveries: readonly Delivery[]): Promise<void> {
    const { bus, log } = this.#context;
    const groups = new Map<string, Delivery[]>();
    for (const delivery of deliveries) {
      const key = `${delivery.kind} ${delivery.orgId}`;
      groups.set(key, [...(groups.get(key) ?? []), delivery]);
    }
    for (const items of groups.values()) {
      const [{ kind, orgId }] = items as [Delivery];
      try {
        await releaseWork(bus, kind, orgId, items);
      } catch (err) {
        // The lease of the items runs out, which gives them back later.
        log.warn({ err, orgId, kind, items: items.length }, "work of a dead connection was not given back");
      }
    }
  }

  #endPolls(session: Http2Session): void {
    const gone = new DomainError("Unavailable", "the connection does not answer");
    for (const [, line] of this.#all()) {
      for (const poll of [...line.polls]) if (poll.session === session) poll.abandon(gone);
    }
  }

  *#all(): Generator<[key: string, line: QueueLine]> {
    for (const lines of this.#orgs.values()) yield* lines;
  }

  #lineFor(order: PollOrder): QueueLine {
    const key = lineKey(order.kind, order.queue, order.filter);
    const known = this.#orgs.get(order.orgId)?.get(key);
    if (known === undefined) this.#takeRoom(order);
    const line = known ?? new QueueLine(this.#context, order);
    let lines = this.#orgs.get(order.orgId);
    if (lines === undefined) {
      lines = new Map();
      this.#orgs.set(order.orgId, lines);
    }
    lines.delete(key);
    lines.set(key, line);
    return line;
  }

  /** Counts a new line. Idle lines of the same org make room, those used longest ago first. Errors: LimitExceeded. */
  #takeRoom({ orgId, filter }: PollOrder): void {
    const { poll_queues: queues, kinds_bytes: bytes } = this.#budgets;
    const holder = { org: orgId };
    const isFull = () =>
      queues.fullScope(holder, 1) !== undefined || bytes.fullScope(holder, filter.bytes) !== undefined;
    if (isFull()) this.#dropIdle(orgId, isFull);
    queues.take(holder);
    try {
      bytes.take(holder, filter.bytes);
    } catch (error) {
      queues.give(holder);
      throw error;
    }
  }

  /** Looks at a few lines only: an org whose lines are all in use is refused at little cost. */
  #dropIdle(orgId: string, isFull: () => boolean): void {
    let looked = 0;
    for (const [key, line] of this.#orgs.get(orgId) ?? []) {
      if (++looked > idleLooksMax) return;
      if (!line.idle) continue;
      this.#drop(key, line);
      if (!isFull()) return;
    }
  }

  #drop(key: string, line: QueueLine): void {
    line.close();
    const lines = this.#orgs.get(line.orgId);
    lines?.delete(key);
    if (lines?.size === 0) this.#orgs.delete(line.orgId);
    this.#budgets.poll_queues.give({ org: line.orgId });
    this.#budgets.kinds_bytes.give({ org: line.orgId }, line.kindsBytes);
  }
}

const idleLooksMax = 100;

/** Kinds of work hold no blank and queue names no line break, so the key is unambiguous. */
function lineKey(kind: WorkKind, queue: string, filter: KindsFilter): string {
  return `${kind} ${queue}\n${filter.key}`;
}
