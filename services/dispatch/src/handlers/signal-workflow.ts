import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import {
  checkOrg,
  checkPayload,
  keyLengthMax,
  parseExecutionId,
  parseKeyTtl,
  parseName,
  parseText,
  type Signal,
} from "@flovyn/domain";
import {
  SignalWithStartWorkflowRequest,
  SignalWithStartWorkflowResponse,
  SignalWorkflowRequest,
  SignalWorkflowResponse,
} from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import { callerActor } from "../caller-actor.js";
import type { DispatchContext } from "../context.js";
import { newWorkflow } from "../new-workflow.js";

/** Delivers a signal. Errors: InvalidInput, PayloadTooLarge, Forbidden, NotFound, WrongState, LimitExceeded. Source: SignalWorkflow. */
export async function signalWorkflowExecution(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(SignalWorkflowRequest, request.payload);
  const { caller } = request;
  checkOrg(message.orgId, caller.orgId);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const { sequence, duplicate, woke } = await batches.signal.submit({
    orgId: caller.orgId,
    workflowId: id,
    partition,
    signal: parseSignal(message),
    actor: callerActor(caller),
  });
  return SignalWorkflowResponse.encode({ signalEventSequence: sequence, duplicate, woke }).finish();
}

/**
 * Delivers a signal to the live execution that goes by the id, and creates it first when there is none.
 * Errors: InvalidInput, PayloadTooLarge, Forbidden, AlreadyExists, LimitExceeded, Unavailable. Source: SignalWithStartWorkflow.
 */
export async function signalWithStart(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(SignalWithStartWorkflowRequest, request.payload);
  const { caller } = request;
  checkOrg(message.orgId, caller.orgId);
  const key = {
    key: parseText(message.workflowId, "workflow_id", keyLengthMax),
    ttlSeconds: parseKeyTtl(message.idempotencyKeyTtlSeconds, "idempotency_key_ttl_seconds"),
  };
  const wanted = { ...message, input: message.workflowInput };
  const started = newWorkflow(context, request, wanted, { hasKey: true, inputField: "workflow_input" });
  const actor = callerActor(caller);
  const signalled = await batches.signalWithStart.submit({ started, key, signal: parseSignal(message), actor });
  return SignalWithStartWorkflowResponse.encode({
    workflowExecutionId: signalled.workflowId,
    workflowCreated: signalled.created,
    signalEventSequence: signalled.sequence,
    duplicate: signalled.duplicate,
    woke: signalled.woke,
  }).finish();
}

function parseSignal(message: { signalName: string; signalValue: Uint8Array; signalId?: string | undefined }): Signal {
  return {
    name: parseName(message.signalName, "signal_name"),
    value: checkPayload(message.signalValue, "signal_value"),
    signalId: message.signalId ? parseText(message.signalId, "signal_id", keyLengthMax) : null,
  };
}
