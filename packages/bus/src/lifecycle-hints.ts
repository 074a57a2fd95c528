import type { LifecycleMove } from "@flovyn/domain";
import { LifecycleHint } from "@flovyn/proto/internal";
import type { Bus } from "./bus.js";
import { lifecycleSubject } from "./subjects.js";

/** Tells live streams what one batch did: one message for each org, however many executions it moved. */
export function hintLifecycle(bus: Bus, moves: readonly LifecycleMove[]): void {
  const byOrg = new Map<string, LifecycleHint["events"]>();
  for (const { orgId, workflowId, parentId, ...move } of moves) {
    const event = {
      ...move,
      workflowExecutionId: workflowId,
      parentWorkflowExecutionId: parentId,
      workerId: undefined,
      error: move.error,
      suspendType: move.suspendType,
    };
    const events = byOrg.get(orgId);
    if (events === undefined) byOrg.set(orgId, [event]);
    else events.push(event);
  }
  for (const [orgId, events] of byOrg) {
    bus.hint(lifecycleSubject(orgId), LifecycleHint.encode({ events }).finish());
  }
}
