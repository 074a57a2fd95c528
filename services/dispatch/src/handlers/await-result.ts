import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { parseExecutionId } from "@flovyn/domain";
import { AwaitResultRequest, AwaitResultResponse } from "@flovyn/proto/ext";
import type { Batches } from "../batches/index.js";

/** The status reached so far, at once: the gateway does the waiting. Errors: InvalidInput, NotFound. Source: AwaitResult. */
export async function readResult(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(AwaitResultRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const result = await batches.result.submit({ orgId: request.caller.orgId, workflowId: id, partition });
  return AwaitResultResponse.encode({
    status: result.status,
    output: result.status === "COMPLETED" ? Buffer.from(result.output ?? new Uint8Array(0)) : undefined,
    error: result.status === "CANCELLED" ? (result.cancellationReason ?? "") : (result.error ?? undefined),
  }).finish();
}
