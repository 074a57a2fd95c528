import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { listWorkflowState } from "@flovyn/db";
import { checkPayload, eventData, keyLengthMax, parseExecutionId, parseText, rawJson } from "@flovyn/domain";
import { GetWorkflowStateRequest, GetWorkflowStateResponse } from "@flovyn/proto/internal";
import { QueryWorkflowRequest, QueryWorkflowResponse } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import type { DispatchContext } from "../context.js";

/** Asks for the whole state instead of one key. */
const wholeState = "__state";

/**
 * Answers a query from the state that the workflow last wrote, whether or not a worker lives: the name is a state key, or
 * `__state` for all of them. A key that has no value is an `error` in the answer. Errors: InvalidInput, PayloadTooLarge,
 * NotFound. Source: QueryWorkflow.
 */
export async function queryWorkflow(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(QueryWorkflowRequest, request.payload);
  const name = parseText(message.queryName, "query_name", keyLengthMax);
  checkPayload(message.params, "params");
  const state = await readState(context, batches, { request, id: message.workflowExecutionId });
  if (name === wholeState) return answer(eventData(state.map(({ key, value }) => [key, rawJson(value)])));
  const entry = state.find(({ key }) => key === name);
  return entry === undefined ? answer(undefined, `the workflow has no state under ${name}`) : answer(entry.value);
}

/** The state of one execution by key. Errors: InvalidInput, NotFound. */
export async function getWorkflowState(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(GetWorkflowStateRequest, request.payload);
  const state = await readState(context, batches, { request, id: message.workflowExecutionId });
  return GetWorkflowStateResponse.encode({
    entries: state.map(({ key, value }) => ({ key, value: Buffer.from(value) })),
  }).finish();
}

interface StateEntry {
  key: string;
  value: Uint8Array;
}

async function readState(
  context: DispatchContext,
  batches: Batches,
  { request, id: text }: { request: IncomingRequest; id: string },
): Promise<StateEntry[]> {
  const { id, partition } = parseExecutionId(text, "workflow_execution_id");
  const { orgId } = request.caller;
  // Tells a missing execution from one without state.
  await batches.result.submit({ orgId, workflowId: id, partition });
  return listWorkflowState(context.db, { orgId, workflowId: id });
}

function answer(result: Uint8Array | undefined, error?: string): Uint8Array {
  return QueryWorkflowResponse.encode({ result: Buffer.from(result ?? new Uint8Array(0)), error }).finish();
}
