import type { LifecycleEvent } from "@flovyn/proto/internal";
import type { LiveEvent } from "./live-event.js";

/** What watchers get of an execution's life: the name of what happened and a snapshot of the execution. */
export function lifecycleEvent(event: LifecycleEvent): LiveEvent {
  const json = JSON.stringify({
    type: "Event",
    event: event.event,
    data: {
      id: event.workflowExecutionId,
      kind: event.kind,
      status: event.status,
      workerId: event.workerId,
      error: event.error,
      parentWorkflowExecutionId: event.parentWorkflowExecutionId,
      suspendType: event.suspendType,
    },
    timestampMs: event.timestampMs,
  });
  return { type: "events", executionId: event.workflowExecutionId, text: json, json };
}
