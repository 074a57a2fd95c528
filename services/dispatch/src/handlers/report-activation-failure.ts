import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import {
  type ActivationFailureReason,
  activationFailureReasons,
  activationFailureTextMax,
  cutText,
  invalidField,
  parseExecutionId,
} from "@flovyn/domain";
import { ReportActivationFailureRequest, ReportActivationFailureResponse } from "@flovyn/proto/ext";
import type { Batches } from "../batches/index.js";

/**
 * Gives a workflow back that its worker cannot run. Errors: InvalidInput, NotFound, StaleClaim, WrongState. Source:
 * ReportActivationFailure.
 */
export async function reportActivationFailure(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ReportActivationFailureRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  if (message.eventSequence < 0) throw invalidField("event_sequence", "must not be negative");
  const noted = await batches.activationFailure.submit({
    orgId: request.caller.orgId,
    workflowId: id,
    partition,
    report: {
      reason: parseReason(message.reason),
      message: cutText(message.message, activationFailureTextMax),
      eventSequence: message.eventSequence,
      ...(message.claimEpoch !== undefined && { claimEpoch: message.claimEpoch }),
    },
  });
  return ReportActivationFailureResponse.encode(noted).finish();
}

function parseReason(text: string): ActivationFailureReason {
  const reason = activationFailureReasons.find((known) => known === text);
  if (reason === undefined) throw invalidField("reason", `must be one of ${activationFailureReasons.join(", ")}`);
  return reason;
}
