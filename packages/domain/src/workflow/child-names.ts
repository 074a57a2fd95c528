import type { EventField } from "../event-data.js";

/**
 * How events name a child. Clients of different age read different keys, so all of them are written: the id under three
 * spellings, the name under two, the kind once here and once more, as `workflowKind`, where the child is initiated.
 */
export function childNames(child: { childId: string; name: string; kind: string }): EventField[] {
  const { childId, name, kind } = child;
  return [
    ["childExecutionName", name],
    ["childWorkflowExecutionName", name],
    ["childWorkflowKind", kind],
    ["childExecutionId", childId],
    ["childworkflowExecutionId", childId],
    ["childWorkflowExecutionId", childId],
  ];
}
