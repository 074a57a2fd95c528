import { announce, decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { lockKeysOf, lockNamedWorkflows, WorkflowChanges } from "@flovyn/db";
import { cancelReasonMax, checkLength, parseExecutionId } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import { reportWorkflows } from "@flovyn/runtime";
import type { Batches } from "../batches/index.js";
import { callerActor } from "../caller-actor.js";
import { cancelLocked } from "../cancel-workflows.js";
import type { DispatchContext } from "../context.js";
import { noSuchWorkflow } from "../ended-workflows.js";

/**
 * Ends a live execution, its open tasks, and, unless told otherwise, its children at every depth as CANCELLED; what their
 * workers still report is ignored. A terminal execution stays as it is. Errors: InvalidInput, NotFound. Source: CancelWorkflow.
 */
export async function cancelWorkflow(
  context: DispatchContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(CancelWorkflowRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const reason = checkLength(message.reason, "reason", cancelReasonMax);
  const withChildren = message.cascadeToChildren ?? true;
  const { caller } = request;
  const now = context.clock.now();
  const changes = await context.db.transaction(async (tx) => {
    const workflows = new WorkflowChanges(await lockNamedWorkflows(tx, [{ orgId: caller.orgId, id }]));
    const workflow = workflows.get(id);
    if (workflow === undefined) throw noSuchWorkflow();
    if (partition !== undefined && partition !== workflow.partitionKey) throw noSuchWorkflow();
    await lockKeysOf(tx, { now, workflowIds: [id] });
    await cancelLocked(tx, workflows, [{ workflowId: id, reason, actor: callerActor(caller), withChildren }], now);
    workflows.write(tx, now);
    return workflows;
  });
  announce(context.bus, changes, now);
  reportWorkflows(context, changes);
  const cancelledChildren = await batches.ends.settle(changes.ended());
  return CancelWorkflowResponse.encode({
    cancelled: changes.ended().length > 0,
    status: changes.get(id)?.status ?? "",
    cancelledChildren,
  }).finish();
}
