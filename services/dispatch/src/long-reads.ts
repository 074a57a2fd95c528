import { setTimeout as pause } from "node:timers/promises";
import { type Database, type EventPage, listEventPage, type StoredEvent } from "@flovyn/db";
import { DomainError } from "@flovyn/domain";
import { GetEventsResponse } from "@flovyn/proto/v1";
import { type ActiveOrgs, FairLane } from "@flovyn/runtime";
import { noSuchWorkflow } from "./ended-workflows.js";

/** What one statement loads of a history at most, unless a single event has more: some 10 ms of the process. */
export const eventPageMax = { countMax: 1000, bytesMax: 1024 * 1024 };
/** Reads at the same time, of all orgs and of one, while one org calls and while several do. */
const [readsAlone, readsShared, readsOfOneShared] = [2, 2, 1];

export interface WholeHistoryOf {
  orgId: string;
  workflowId: string;
  run: number;
  /** Read at least up to here: the size of so much was checked. */
  sequence: number;
  /** How long the caller waits, in ms. */
  timeoutMs: number;
}

type PageParams = Parameters<typeof listEventPage>[1];

export interface LongReadsOptions {
  db: Database;
  /** Who calls at the moment. */
  orgs: ActiveOrgs;
  /** Monotonic milliseconds. */
  now: () => number;
}

/**
 * Reads of histories that may be long, page by page, apart from other work. While several orgs call, each reads one history
 * at a time, pauses after each page for as long as it took, and rests at the end for as long as all pages took, which is
 * about what it takes to send them: other work has half of the process at least.
 */
export class LongReads {
  readonly #options: LongReadsOptions;
  readonly #lane: FairLane;

  constructor(options: LongReadsOptions) {
    const { orgs, now } = options;
    this.#options = options;
    this.#lane = new FairLane({
      slots: () => (orgs.several ? readsShared : readsAlone),
      slotsOfOrg: () => (orgs.several ? readsOfOneShared : readsAlone),
      restMs: (tookMs) => (orgs.several ? tookMs : 0),
      now,
    });
  }

  /** One page, undefined when the execution is missing. Errors: Timeout when its turn comes too late. */
  page(params: PageParams, timeoutMs: number): Promise<EventPage | undefined> {
    return this.#inTurn(params.orgId, timeoutMs, (read) => read(params));
  }

  /** A GetEventsResponse. Errors: NotFound; Timeout when its turn comes too late. */
  whole({ sequence, timeoutMs, ...of }: WholeHistoryOf): Promise<Uint8Array> {
    return this.#inTurn(of.orgId, timeoutMs, async (read) => {
      // Messages of one type in a row are one message: each page is encoded as it comes, and its rows are let go.
      const pages: Uint8Array[] = [];
      for (let after = 0; after < sequence; ) {
        const page = await read({ ...of, ...eventPageMax, after });
        const last = page?.events.at(-1);
        // Never a part of a history: replay would go on from it.
        if (page === undefined || last === undefined) throw noSuchWorkflow();
        pages.push(encodeEvents(page.events));
        after = last.sequence;
      }
      return Buffer.concat(pages);
    });
  }

  /** Runs `work` when it is the turn of the org, which reads pages by the function that it gets. */
  async #inTurn<Result>(
    orgId: string,
    timeoutMs: number,
    work: (read: (params: PageParams) => Promise<EventPage | undefined>) => Promise<Result>,
  ): Promise<Result> {
    const { db, orgs, now } = this.#options;
    const dueMs = now() + timeoutMs;
    if (orgs.note(orgId)) this.#lane.forgetIdle();
    const turn = this.#lane.begin(orgId);
    if (turn !== undefined) await turn;
    let tookMs = 0;
    let lastMs = 0;
    const read = async (params: PageParams) => {
      if (lastMs > 0 && orgs.several) await pause(lastMs);
      const startedMs = now();
      // Its caller has given up.
      if (startedMs > dueMs) throw new DomainError("Timeout", "the history waited too long for others");
      const page = await listEventPage(db, params);
      lastMs = now() - startedMs;
      tookMs += lastMs;
      return page;
    };
    try {
      return await work(read);
    } finally {
      this.#lane.end(orgId, tookMs);
    }
  }
}

/** A GetEventsResponse. */
export function encodeEvents(events: readonly StoredEvent[]): Uint8Array {
  return GetEventsResponse.encode({
    events: events.map((event) => ({
      sequenceNumber: event.sequence,
      eventType: event.type,
      eventData: event.data as Buffer,
    })),
  }).finish();
}
