import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findOpenTasksOf, lockTasks, lockWorkflows, TaskChanges, WorkflowChanges } from "@flovyn/db";
import { type Actor, cancel, cancelTask, checkLength, parseExecutionId } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import { hintEnded, noSuchWorkflow } from "../batches/submit.js";
import type { DispatchContext } from "../context.js";

const reasonLengthMax = 500;

/**
 * Ends a live execution and its open tasks as CANCELLED; what their workers still report is ignored. A terminal
 * execution stays as it is. Errors: InvalidInput, NotFound. Source: CancelWorkflow.
 */
export async function cancelWorkflow(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(CancelWorkflowRequest, request.payload);
  const { id, partition } = parseExecutionId(message.workflowExecutionId, "workflow_execution_id");
  const reason = checkLength(message.reason, "reason", reasonLengthMax);
  const { caller } = request;
  const actor: Actor = { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId };
  const now = context.clock.now();
  const changes = await context.db.transaction(async (tx) => {
    const workflows = new WorkflowChanges(await lockWorkflows(tx, [id]));
    const workflow = workflows.get(id);
    if (workflow === undefined || workflow.orgId !== caller.orgId) throw noSuchWorkflow();
    if (partition !== undefined && partition !== workflow.partitionKey) throw noSuchWorkflow();
    const change = cancel(workflow, reason, actor);
    workflows.add(change);
    if (change.transitions.length > 0) {
      const tasks = new TaskChanges(await lockTasks(tx, await findOpenTasksOf(tx, id)));
      for (const task of tasks.all()) tasks.add(cancelTask(task, reason, actor, now), { reason, by: actor.id });
      tasks.write(tx, now);
    }
    workflows.write(tx, now);
    return workflows;
  });
  hintEnded(context, changes);
  return CancelWorkflowResponse.encode({
    cancelled: changes.ended().length > 0,
    status: changes.get(id)?.status ?? "",
    cancelledChildren: 0,
  }).finish();
}
