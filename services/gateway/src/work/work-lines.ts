import type { WorkKind } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { fallbackClaimAfterMs, fallbackPassMs, parkedPollersMax, workLineIdleMs, workLinesMax } from "../limits.js";
import { IdlePolls } from "./idle-polls.js";
import type { KindsFilter } from "./kinds-filter.js";
import { ParkedPoll, type PollReply } from "./parked-poll.js";
import { type LineContext, QueueLine } from "./queue-line.js";

export interface PollOrder {
  kind: WorkKind;
  orgId: string;
  queue: string;
  filter: KindsFilter;
  workerId: string;
  leaseMs: number;
  /** How long to wait for work; 0 looks once. */
  holdMs: number;
}

export interface WorkLinesLimits {
  linesMax: number;
  pollersMax: number;
}

/**
 * All work lines of this process, one for each (kind, org, queue, kinds). Lines are made by the first poll and forgotten
 * after a while without polls, or when there are too many, those that were used longest ago first.
 */
export class WorkLines {
  readonly #context: LineContext;
  readonly #limits: WorkLinesLimits;
  readonly #idlePolls: IdlePolls;
  /** In the order of their last use. */
  readonly #lines = new Map<string, QueueLine>();
  #draining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    context: Omit<LineContext, "count">,
    limits: WorkLinesLimits = { linesMax: workLinesMax, pollersMax: parkedPollersMax },
  ) {
    this.#context = { ...context, count: { polls: 0 } };
    this.#limits = limits;
    this.#idlePolls = new IdlePolls(this.#context);
  }

  get size(): number {
    return this.#lines.size;
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
    const { pollersMax } = this.#limits;
    if (this.parked >= pollersMax) {
      throw new DomainError("LimitExceeded", `too many polls wait at this gateway, at most ${pollersMax}`);
    }
    const host = this.#draining ? this.#idlePolls : this.#lineFor(order);
    const poll = new ParkedPoll(order, reply, host);
    host.park(poll, this.#draining ? 0 : order.holdMs);
    return poll;
  }

  /** When work on the line was last hinted at; undefined when the line does not exist. */
  lastHintMs(kind: WorkKind, orgId: string, queue: string, filter: KindsFilter): number | undefined {
    return this.#lines.get(lineKey(kind, orgId, queue, filter))?.lastHintMs;
  }

  /** Calls back with the worker of every waiting poll: an open poll is a sign of life. */
  eachWaiting(visit: (orgId: string, workerId: string) => void): void {
    for (const line of this.#lines.values()) for (const poll of line.polls) visit(poll.orgId, poll.workerId);
    for (const poll of this.#idlePolls.polls) visit(poll.orgId, poll.workerId);
  }

  /**
   * Runs every few seconds: forgets lines that are idle for long, and looks for work on the one line whose pollers wait
   * longest without a claim. One claim per pass bounds what idle workers cost when hints are lost.
   */
  pass(): void {
    const now = this.#context.now();
    let longest: QueueLine | undefined;
    for (const [key, line] of this.#lines) {
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
    for (const line of this.#lines.values()) line.expireAll();
  }

  /** Stops listening to hints. */
  stop(): void {
    clearInterval(this.#timer);
    for (const [key, line] of this.#lines) this.#drop(key, line);
  }

  #lineFor(order: PollOrder): QueueLine {
    const key = lineKey(order.kind, order.orgId, order.queue, order.filter);
    const known = this.#lines.get(key);
    if (known !== undefined) {
      this.#lines.delete(key);
      this.#lines.set(key, known);
      return known;
    }
    if (this.#lines.size >= this.#limits.linesMax) this.#makeRoom();
    const line = new QueueLine(this.#context, order);
    this.#lines.set(key, line);
    return line;
  }

  #makeRoom(): void {
    for (const [key, line] of this.#lines) {
      if (line.idle) {
        this.#drop(key, line);
        return;
      }
    }
    throw new DomainError(
      "LimitExceeded",
      `too many queues are polled at this gateway, at most ${this.#limits.linesMax}`,
    );
  }

  #drop(key: string, line: QueueLine): void {
    line.close();
    this.#lines.delete(key);
  }
}

/** Neither kinds of work nor org ids hold a blank, and queue names no line break, so the key is unambiguous. */
function lineKey(kind: WorkKind, orgId: string, queue: string, filter: KindsFilter): string {
  return `${kind} ${orgId} ${queue}\n${filter.key}`;
}
