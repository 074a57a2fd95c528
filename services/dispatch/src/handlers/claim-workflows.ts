import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { ClaimRequest, ClaimResponse } from "@flovyn/proto/internal";
import { PollResponse } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";

/** Hands workflows to the pollers of one gateway. Source: PollWorkflow. */
export async function claimWorkflowsForPollers(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const { queue, kinds, pollers } = decodeMessage(ClaimRequest, request.payload);
  const claimed = await batches.claim.submit({ orgId: request.caller.orgId, queue, kinds, pollers });
  const items = claimed.map((workflow) => ({
    id: workflow.id,
    claimEpoch: workflow.claimEpoch,
    response: Buffer.from(
      PollResponse.encode({
        workflowExecution: {
          id: workflow.id,
          kind: workflow.kind,
          orgId: workflow.orgId,
          input: Buffer.from(workflow.input),
          queue: workflow.queue,
          priorityMs: workflow.priorityMs,
          createdAtMs: workflow.createdAtMs,
          currentSequence: workflow.currentSequence,
          workflowVersion: workflow.workflowVersion ?? undefined,
          workflowTaskTimeMillis: workflow.taskTimeMs,
          claimEpoch: workflow.claimEpoch,
        },
        traceparent: workflow.traceparent,
      }).finish(),
    ),
  }));
  return ClaimResponse.encode({ items }).finish();
}
