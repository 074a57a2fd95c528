import { eventData } from "../event-data.js";
import type { ExternalEvent } from "../workflow/append-external.js";
import type { Task } from "./state.js";

export function taskFailedEvents(task: Task, error: string, retryable: boolean): readonly ExternalEvent[] {
  return inHistory(task, {
    type: "TASK_FAILED",
    data: eventData([
      ["taskExecutionId", task.id],
      ["kind", task.kind],
      ["error", error],
      ["retryable", retryable],
    ]),
    wakes: true,
  });
}

/** Events of a task that stands in no history would shift replay, so they are not written. */
export function inHistory(task: Task, ...events: ExternalEvent[]): readonly ExternalEvent[] {
  return task.workflowId !== null && task.scheduledSequence !== null ? events : [];
}
