import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { listEvents } from "@flovyn/db";
import { parseExecutionId } from "@flovyn/domain";
import { ListEventsRequest, ListEventsResponse } from "@flovyn/proto/internal";
import { GetEventsRequest, GetEventsResponse } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import type { DispatchContext } from "../context.js";

/** The whole history of the current run, ascending. Errors: InvalidInput, NotFound. Source: GetEvents. */
export async function getEvents(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(GetEventsRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const { orgId } = request.caller;
  const short = await batches.history.submit({ orgId, workflowId: id, partition });
  const events = short.events ?? (await listEvents(context.db, { orgId, workflowId: id, after: 0, limit: null }));
  return GetEventsResponse.encode({
    events: events.map((event) => ({
      sequenceNumber: event.sequence,
      eventType: event.type,
      eventData: event.data as Buffer,
    })),
  }).finish();
}

/** One page of the history with times, for REST. Errors: InvalidInput, NotFound. */
export async function listEventViews(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(ListEventsRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const { orgId } = request.caller;
  const limit = message.limit || null;
  const events = await listEvents(context.db, { orgId, workflowId: id, after: message.sinceSequence, limit });
  // No events after a sequence is an answer; a missing execution is not.
  if (events.length === 0 || partition !== undefined) await batches.result.submit({ orgId, workflowId: id, partition });
  return ListEventsResponse.encode({
    events: events.map((event) => ({
      sequence: event.sequence,
      eventType: event.type,
      eventData: event.data as Buffer,
      createdAtMs: event.createdAtMs,
    })),
  }).finish();
}
