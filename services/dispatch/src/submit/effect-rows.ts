import type {
  NewPromiseRow,
  NewTaskRow,
  NewTimerRow,
  SettledPromiseRow,
  StateWriteRow,
  TransitionRow,
} from "@flovyn/db";
import { newId } from "@flovyn/domain";
import type { Applied } from "./submitted.js";

export function toTaskRows(
  applied: readonly Applied[],
  now: number,
): { task: NewTaskRow[]; transition: TransitionRow[] } {
  const scheduled = applied.flatMap(({ workflow, change }) => change.effects.tasks.map((task) => ({ workflow, task })));
  return {
    task: scheduled.map(({ workflow, task }) => ({
      id: task.taskId,
      orgId: workflow.orgId,
      workflowId: workflow.id,
      kind: task.kind,
      queue: task.queue,
      partitionKey: workflow.partitionKey,
      rootId: workflow.rootExecutionId,
      input: task.input,
      metadata: "{}",
      policy: task.retryPolicy === null ? null : JSON.stringify({ retry: task.retryPolicy }),
      priorityMs: task.priorityMs,
      maxRetries: task.maxRetries,
      deadlineAt: task.timeoutMs === null ? null : now + task.timeoutMs,
      scheduledSequence: task.scheduledSequence,
      createdBy: workflow.workerId ?? "",
      traceparent: workflow.traceparent,
      hasIdempotencyKey: task.idempotencyKey !== null,
    })),
    transition: scheduled.map(({ workflow, task }) => ({
      id: newId(),
      orgId: workflow.orgId,
      entityId: task.taskId,
      fromState: null,
      toState: "PENDING",
      actorType: "worker",
      actorId: workflow.workerId ?? "",
      reason: null,
      attempt: 0,
      claimEpoch: 0,
      sortKey: 1,
      mostRecent: true,
    })),
  };
}

export function toStateWrites(applied: readonly Applied[]): StateWriteRow[] {
  return applied.flatMap(({ workflow, change }) =>
    change.effects.stateWrites.map((write) => ({ workflowId: workflow.id, ...write })),
  );
}

export function toTimerRows(applied: readonly Applied[]): NewTimerRow[] {
  return applied.flatMap(({ workflow, change }) =>
    change.effects.timers.map(({ fireAtMs, ...timer }) => ({
      id: newId(),
      orgId: workflow.orgId,
      workflowId: workflow.id,
      run: workflow.run,
      fireAt: fireAtMs,
      ...timer,
    })),
  );
}

export function toCancelledTimers(applied: readonly Applied[]) {
  return applied.flatMap(({ workflow, change }) =>
    [...change.effects.cancelledTimers].map((timerId) => ({ workflowId: workflow.id, run: workflow.run, timerId })),
  );
}

export function toPromiseRows(applied: readonly Applied[]): NewPromiseRow[] {
  return applied.flatMap(({ workflow, change }) =>
    change.effects.promises.map(({ promiseId, name, timeoutAtMs, createdSequence }) => ({
      id: promiseId,
      orgId: workflow.orgId,
      workflowId: workflow.id,
      run: workflow.run,
      name,
      timeoutAt: timeoutAtMs,
      createdSequence,
    })),
  );
}

/** Promises that workflows resolved themselves. */
export function toResolvedPromises(applied: readonly Applied[]): SettledPromiseRow[] {
  return applied.flatMap(({ workflow, change }) =>
    [...change.effects.resolvedPromises].map(([id, value]) => ({
      id,
      status: "RESOLVED" as const,
      value,
      error: null,
      settledSequence: null,
      settledBy: workflow.workerId ?? "",
    })),
  );
}
