import { StartWorkflowRequest } from "@flovyn/proto/v1";
import { inputOf, workflowKind } from "../../workloads.js";
import type { Connection } from "./connection.js";
import { startWorkflow } from "./rpcs.js";

/** Starts workflow `index` of a load and gives its id. */
export async function startOne(
  connection: Connection,
  { orgId, queue, index }: { orgId: string; queue: string; index: number },
): Promise<string> {
  const input = Buffer.from(JSON.stringify(inputOf(index)));
  const request = StartWorkflowRequest.fromPartial({ orgId, workflowKind, queue, input });
  const { workflowExecutionId } = await connection.call(startWorkflow, request);
  return workflowExecutionId;
}
