import type { NewWorkflow } from "@flovyn/db";
import { type Actor, startWorkflow } from "@flovyn/domain";
import type { Applied } from "./submitted.js";

/** The executions of scheduled children. */
export function toNewChildren(applied: readonly Applied[], now: number): NewWorkflow[] {
  return applied.flatMap(({ workflow, change: { effects } }) => {
    const actor: Actor = { type: "worker", id: workflow.workerId ?? "" };
    return effects.children.map((child): NewWorkflow => {
      const change = startWorkflow(
        {
          id: child.childId,
          orgId: workflow.orgId,
          kind: child.kind,
          queue: child.queue,
          input: child.input,
          version: null,
          parentId: workflow.id,
          childName: child.name,
          initiatedSequence: child.initiatedSequence,
          partitionKey: workflow.partitionKey,
          rootExecutionId: workflow.rootExecutionId,
          traceparent: workflow.traceparent,
          hasIdempotencyKey: false,
          createdAtMs: now,
        },
        actor,
      );
      return {
        change,
        input: child.input,
        metadata: "{}",
        priorityMs: child.priorityMs,
        version: null,
        createdBy: actor.id,
      };
    });
  });
}
