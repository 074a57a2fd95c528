import assert from "node:assert/strict";
import type { WorkflowEvent } from "@flovyn/proto/v1";

/** Event data as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests read any member of any event
export function dataOf(event: WorkflowEvent): any {
  return JSON.parse(event.eventData.toString());
}

export function typesOf(events: readonly WorkflowEvent[]): string[] {
  return events.map((event) => event.eventType);
}

/** Sequences count from 1 without a gap. */
export function assertContiguous(events: readonly WorkflowEvent[]): void {
  assert.deepEqual(
    events.map((event) => event.sequenceNumber),
    events.map((_, index) => index + 1),
  );
}

/**
 * The history of a workflow that ran so many tasks and completed: it begins with its start, ends with its end, and between
 * them every task is scheduled once and completes once, later.
 */
export function assertFanOutHistory(events: readonly WorkflowEvent[], tasks: number): void {
  assertContiguous(events);
  assert.equal(events.length, 2 + 2 * tasks, typesOf(events).join(" "));
  assert.equal(events.at(0)?.eventType, "WORKFLOW_STARTED");
  assert.equal(events.at(-1)?.eventType, "WORKFLOW_COMPLETED");
  const scheduled = positions(events, "TASK_SCHEDULED");
  const completed = positions(events, "TASK_COMPLETED");
  assert.equal(scheduled.size, tasks);
  assert.equal(completed.size, tasks);
  for (const [taskId, at] of completed) {
    const scheduledAt = scheduled.get(taskId);
    assert.ok(scheduledAt !== undefined && scheduledAt < at, `task ${taskId} completed before it was scheduled`);
  }
}

/** Where the events of a type stand, by task; an error when a task has two. */
function positions(events: readonly WorkflowEvent[], type: string): Map<string, number> {
  const found = new Map<string, number>();
  events.forEach((event, index) => {
    if (event.eventType !== type) return;
    const taskId: string = dataOf(event).taskExecutionId;
    assert.ok(!found.has(taskId), `${type} twice for task ${taskId}`);
    found.set(taskId, index);
  });
  return found;
}
