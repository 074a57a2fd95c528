import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { ClaimRequest, ClaimResponse } from "@flovyn/proto/internal";
import { PollTaskResponse } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";

/** Hands tasks to the pollers of one gateway. Source: PollTask. */
export async function claimTasksForPollers(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const { queue, kinds, pollers } = decodeMessage(ClaimRequest, request.payload);
  const claimed = await batches.claim.submit({ orgId: request.caller.orgId, queue, kinds, pollers });
  const items = claimed.map((task, index) => ({
    id: task.id,
    claimEpoch: task.claimEpoch,
    response: Buffer.from(
      PollTaskResponse.encode({
        task: {
          taskExecutionId: task.id,
          kind: task.kind,
          input: Buffer.from(task.input),
          workflowExecutionId: task.workflowId ?? "",
          executionCount: task.executionCount,
          queue: task.queue,
          workerPoolId: undefined,
          traceparent: task.traceparent,
          claimEpoch: task.claimEpoch,
          leaseMs: pollers[index]?.leaseMs ?? 0,
          maxRetries: task.maxRetries,
        },
      }).finish(),
    ),
  }));
  return ClaimResponse.encode({ items }).finish();
}
