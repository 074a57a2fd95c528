import { endedSubject } from "@flovyn/bus";
import type { WorkflowChanges } from "@flovyn/db";
import { DomainError } from "@flovyn/domain";
import { EndedHint } from "@flovyn/proto/internal";
import type { DispatchContext } from "./context.js";

/** After the commit: tells readers of results which workflows ended. */
export function hintEnded(context: DispatchContext, changes: WorkflowChanges): void {
  const endedByOrg = new Map<string, string[]>();
  for (const workflow of changes.ended()) {
    const ended = endedByOrg.get(workflow.orgId);
    if (ended === undefined) endedByOrg.set(workflow.orgId, [workflow.id]);
    else ended.push(workflow.id);
    const durationMs = context.clock.now() - workflow.createdAtMs;
    context.metrics.workflowEnded(workflow.kind, workflow.queue, workflow.status, durationMs);
  }
  for (const [orgId, workflowExecutionIds] of endedByOrg) {
    context.bus.hint(endedSubject(orgId), EndedHint.encode({ workflowExecutionIds }).finish());
  }
}

export function noSuchWorkflow(): DomainError {
  return new DomainError("NotFound", "workflow_execution_id: there is no such workflow execution");
}
