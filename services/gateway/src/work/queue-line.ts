import { type Bus, type WorkKind, workSubject } from "@flovyn/bus";
import type { ClaimedItem } from "@flovyn/proto/internal";
import type { Logger } from "@flovyn/runtime";
import type { HintChannels, HintListener } from "../hints/hint-channels.js";
import { claimWork, releaseWork } from "./claims.js";
import type { DeadlineWheel } from "./deadline-wheel.js";
import type { Deliveries } from "./deliveries.js";
import type { KindsFilter } from "./kinds-filter.js";
import { noWork, type ParkedPoll, type PollCount, type PollHost } from "./parked-poll.js";
import { type LineOutlet, WorkLine } from "./work-line.js";

export interface LineContext {
  bus: Bus;
  hints: HintChannels;
  wheel: DeadlineWheel;
  log: Logger;
  now: () => number;
  count: PollCount;
  deliveries: Pick<Deliveries, "delivered">;
}

export interface LineAddress {
  kind: WorkKind;
  orgId: string;
  queue: string;
  filter: KindsFilter;
}

/** A work line joined to the bus: it hears the hints of its queue and claims from the service of its kind. */
export class QueueLine implements HintListener, PollHost, LineOutlet<ParkedPoll, ClaimedItem> {
  readonly #context: LineContext;
  readonly #address: LineAddress;
  readonly #line: WorkLine<ParkedPoll, ClaimedItem>;
  readonly #unlisten: () => void;
  readonly polls = new Set<ParkedPoll>();
  lastUsedMs: number;
  lastClaimMs: number;
  /** When a hint last came from outside. A new line counts as hinted. */
  lastHintMs: number;
  /** Claims and releases that are not answered yet. */
  #running = 0;

  constructor(context: LineContext, address: LineAddress) {
    this.#context = context;
    this.#address = address;
    this.#line = new WorkLine(this);
    this.lastUsedMs = context.now();
    this.lastHintMs = this.lastUsedMs;
    this.lastClaimMs = this.lastUsedMs;
    this.#unlisten = context.hints.listen(workSubject(address.kind, address.orgId, address.queue), this);
  }

  get orgId(): string {
    return this.#address.orgId;
  }

  /** What its list of kinds keeps. */
  get kindsBytes(): number {
    return this.#address.filter.bytes;
  }

  /** Nobody waits and nothing runs. */
  get idle(): boolean {
    return this.#line.idle && this.#running === 0;
  }

  get parked(): number {
    return this.#line.parked;
  }

  /** Waits at most `holdMs` for work. With 0 it asks once and does not wait. */
  park(poll: ParkedPoll, holdMs: number): void {
    this.lastUsedMs = this.#context.now();
    this.polls.add(poll);
    this.#context.count.polls += 1;
    if (holdMs <= 0) poll.expired = true;
    else this.#context.wheel.add(poll, this.lastUsedMs + holdMs);
    this.#line.park(poll);
  }

  pollDue(poll: ParkedPoll): void {
    this.#line.expire(poll);
  }

  pollEnded(poll: ParkedPoll): void {
    this.polls.delete(poll);
    this.#context.count.polls -= 1;
    this.#context.wheel.remove(poll);
  }

  pollLeft(poll: ParkedPoll): void {
    this.pollEnded(poll);
    this.#line.leave(poll);
  }

  /** Answers everybody; what is being claimed is still delivered. */
  expireAll(): void {
    this.#line.expireAll();
  }

  /** Looks for work without a hint: the slow way when hints are lost. */
  look(): void {
    this.#line.hint();
  }

  close(): void {
    this.#unlisten();
  }

  hint(): void {
    this.lastHintMs = this.#context.now();
    this.#line.hint();
  }

  subscribed(): void {
    this.hint();
  }

  claim(pollers: readonly ParkedPoll[]): void {
    void this.#claim(pollers);
  }

  deliver(poll: ParkedPoll, item: ClaimedItem): boolean {
    const { kind, queue } = this.#address;
    const { session, orgId, principal, workerId } = poll;
    const isSent = poll.answer(item.response);
    if (isSent && session !== undefined) {
      const { id, claimEpoch } = item;
      this.#context.deliveries.delivered(session, { kind, queue, orgId, principal, workerId, id, claimEpoch });
    }
    return isSent;
  }

  dismiss(poll: ParkedPoll): void {
    poll.answer(noWork);
  }

  fail(poll: ParkedPoll, error: unknown): void {
    poll.fail(error);
  }

  release(items: readonly ClaimedItem[]): void {
    void this.#release(items);
  }

  async #claim(pollers: readonly ParkedPoll[]): Promise<void> {
    const { kind, orgId, queue, filter } = this.#address;
    this.lastClaimMs = this.#context.now();
    let items: readonly ClaimedItem[];
    this.#running += 1;
    try {
      items = await claimWork(this.#context.bus, kind, { orgId, queue, kinds: filter.kinds, pollers });
    } catch (error) {
      this.#line.claimFailed(error);
      return;
    } finally {
      this.#running -= 1;
    }
    this.#line.claimed(items);
  }

  async #release(items: readonly ClaimedItem[]): Promise<void> {
    const { kind, orgId, queue } = this.#address;
    this.#running += 1;
    try {
      await releaseWork(this.#context.bus, kind, orgId, items);
    } catch (err) {
      // The lease of the items runs out, which gives them back later.
      this.#context.log.warn({ err, orgId, queue, kind, items: items.length }, "undelivered work was not given back");
    } finally {
      this.#running -= 1;
    }
  }
}
