import { listEventPage, type StoredEvent } from "@flovyn/db";
import { GetEventsResponse } from "@flovyn/proto/v1";
import { type Batcher, createBatcher } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";

/** What one statement loads of a history at most, unless a single event has more. */
export const eventPageMax = { countMax: 1000, bytesMax: 4 * 1024 * 1024 };
/** Long histories that one process holds at the same time, while none of them is slow. */
const readsAtOnce = 2;

export interface WholeHistoryOf {
  orgId: string;
  workflowId: string;
  run: number;
  /** Read at least up to here: the size of so much was checked. */
  sequence: number;
}

/**
 * Reads long histories, few at a time and apart from other batches: each alone, page by page. The result is a
 * GetEventsResponse.
 */
export function createWholeHistoryBatcher(context: DispatchContext): Batcher<WholeHistoryOf, Uint8Array> {
  return createBatcher<WholeHistoryOf, Uint8Array>({
    name: "workflow.whole-history",
    itemsMax: 1,
    slots: readsAtOnce,
    metrics: context.metrics,
    run: async (items) =>
      Promise.all(items.map(async (item) => ({ ok: true, value: await readWhole(context, item) }) as const)),
  });
}

/** Messages of one type in a row are one message: each page is encoded as it comes, and its rows are let go. */
async function readWhole({ db }: DispatchContext, { sequence, ...of }: WholeHistoryOf): Promise<Uint8Array> {
  const pages: Uint8Array[] = [];
  for (let after = 0; after < sequence; ) {
    const page = await listEventPage(db, { ...of, ...eventPageMax, after });
    const last = page?.events.at(-1);
    // Never a part of a history: replay would go on from it.
    if (page === undefined || last === undefined) throw noSuchWorkflow();
    pages.push(encodeEvents(page.events));
    after = last.sequence;
  }
  return Buffer.concat(pages);
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
