import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { checkWholeHistory, parseExecutionId } from "@flovyn/domain";
import { ListEventsRequest, ListEventsResponse } from "@flovyn/proto/internal";
import { GetEventsRequest } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import { noSuchWorkflow } from "../ended-workflows.js";
import { encodeEvents, eventPageMax, type LongReads } from "../long-reads.js";
import { formatEventCursor, parseEventCursor } from "./event-cursor.js";

/**
 * The whole history of the current run, ascending. Errors: InvalidInput, NotFound; WrongState when it is too large for one
 * answer, before anything of it is read. Source: GetEvents.
 */
export async function getEvents(batches: Batches, longReads: LongReads, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetEventsRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const of = { orgId: request.caller.orgId, workflowId: id };
  const { events, run, sequence, historyBytes } = await batches.history.submit({ ...of, partition });
  if (events !== undefined) return encodeEvents(events);
  checkWholeHistory({ sequence, historyBytes });
  return longReads.whole({ ...of, run, sequence, timeoutMs: request.timeoutMs });
}

/** One page of the history with times, for REST. Errors: InvalidInput, NotFound. */
export async function listEventViews(longReads: LongReads, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ListEventsRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const { run, after } = parseEventCursor(message.cursor) ?? { run: null, after: message.sinceSequence };
  const { countMax, bytesMax } = eventPageMax;
  const limits = { countMax: Math.min(message.limit || countMax, countMax), bytesMax };
  const of = { orgId: request.caller.orgId, workflowId: id, run, after };
  const page = await longReads.page({ ...of, ...limits }, request.timeoutMs);
  if (page === undefined || (partition !== undefined && partition !== page.partitionKey)) throw noSuchWorkflow();
  const last = page.events.at(-1);
  return ListEventsResponse.encode({
    events: page.events.map((event) => ({
      sequence: event.sequence,
      eventType: event.type,
      eventData: event.data as Buffer,
      createdAtMs: event.createdAtMs,
    })),
    nextCursor: page.more && last ? formatEventCursor({ run: run ?? page.run, after: last.sequence }) : "",
  }).finish();
}
