import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { parseUuid } from "@flovyn/domain";
import { SubmitWorkflowCommandsRequest } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import { parseSubmission } from "../parse-submission.js";

const empty = new Uint8Array(0);

/**
 * Applies the outcome of one activation, all of it or nothing. Errors: InvalidInput, PayloadTooLarge, NotFound,
 * WrongState, StaleClaim. Source: SubmitWorkflowCommands.
 */
export async function submitWorkflowCommands(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(SubmitWorkflowCommandsRequest, request.payload);
  const workflowId = parseUuid(message.workflowExecutionId, "workflow_execution_id");
  const parsed = parseSubmission(message);
  const claimEpoch = parsed.claimEpoch ?? request.claimEpoch;
  const submission =
    request.historySequence === undefined ? parsed : { ...parsed, historySequence: request.historySequence };
  await batches.submit.submit({
    orgId: request.caller.orgId,
    workflowId,
    submission: claimEpoch === undefined ? submission : { ...submission, claimEpoch },
  });
  return empty;
}
