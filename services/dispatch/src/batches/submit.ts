import { endedSubject, hintWork } from "@flovyn/bus";
import {
  findTaskOwners,
  insertTasks,
  lockWorkflows,
  type NewTaskRow,
  registerQueues,
  type TransitionRow,
  takeKeys,
  WorkflowChanges,
  writeWorkflowState,
} from "@flovyn/db";
import {
  DomainError,
  newId,
  type ScheduledTask,
  type StateWrite,
  type Submission,
  submit,
  type Workflow,
} from "@flovyn/domain";
import { EndedHint } from "@flovyn/proto/internal";
import { type Batcher, createBatcher, type Outcome } from "@flovyn/runtime";
import type { DispatchContext } from "../context.js";
import { batchBytesMax } from "./start.js";

export interface Submit {
  orgId: string;
  workflowId: string;
  submission: Submission;
}

/** Applies activation outcomes in batches: lock the workflows, decide each, write all, commit, hint. */
export function createSubmitBatcher(context: DispatchContext): Batcher<Submit, void> {
  return createBatcher<Submit, void>({
    name: "workflow.submit",
    weightOf: (item) => submissionBytes(item.submission),
    weightMax: batchBytesMax,
    lane: context.lane,
    metrics: context.metrics,
    run: (items) => submitAll(context, items),
  });
}

interface Scheduled {
  workflow: Workflow;
  task: ScheduledTask;
}

async function submitAll(context: DispatchContext, items: readonly Submit[]): Promise<Outcome<void>[]> {
  const now = context.clock.now();
  const { outcomes, changes, scheduled, registered } = await context.db.transaction(async (tx) => {
    const taskIds = items.flatMap(({ submission }) =>
      submission.commands.flatMap((command) => (command.type === "SCHEDULE_TASK" ? [command.taskId] : [])),
    );
    const [locked, owners] = await Promise.all([
      lockWorkflows(
        tx,
        items.map((item) => item.workflowId),
      ),
      findTaskOwners(tx, taskIds),
    ]);
    const changes = new WorkflowChanges(locked);
    const scheduled: Scheduled[] = [];
    const stateWrites: (StateWrite & { workflowId: string })[] = [];
    const outcomes = items.map((item): Outcome<void> => {
      try {
        const workflow = changes.get(item.workflowId);
        if (workflow === undefined || workflow.orgId !== item.orgId) throw noSuchWorkflow();
        const change = submit(workflow, item.submission, (id) => owners.get(id));
        changes.add(change);
        for (const task of change.tasks) {
          owners.set(task.taskId, { kind: task.kind, workflowId: workflow.id });
          scheduled.push({ workflow, task });
        }
        stateWrites.push(...change.stateWrites.map((write) => ({ workflowId: workflow.id, ...write })));
        return { ok: true, value: undefined };
      } catch (error) {
        if (error instanceof DomainError) return { ok: false, error };
        throw error;
      }
    });
    const registered = await registerQueues(tx, {
      now,
      registeredBy: "schedule_task",
      used: scheduled.map(({ workflow, task }) => ({ orgId: workflow.orgId, queue: task.queue })),
      known: context.knownQueues,
    });
    await takeTaskKeys(context, tx, scheduled, now);
    changes.write(tx, now);
    writeWorkflowState(tx, now, stateWrites);
    if (scheduled.length > 0) tx.defer(insertTasks(tx, toTaskRows(scheduled, now)));
    return { outcomes, changes, scheduled, registered };
  });
  registered.remember();
  announce(context, changes, scheduled);
  return outcomes;
}

/** After the commit: queues with work, workflows that ended. */
function announce(context: DispatchContext, changes: WorkflowChanges, scheduled: readonly Scheduled[]): void {
  hintWork(context.bus, [
    ...changes.wakes(),
    ...scheduled.map(({ workflow, task }) => ({ kind: "task" as const, orgId: workflow.orgId, queue: task.queue })),
  ]);
  for (const { task } of scheduled) context.metrics.taskSubmitted(task.kind, task.queue);
  hintEnded(context, changes);
}

/** Tells readers of results which workflows the changes made terminal. */
export function hintEnded(context: DispatchContext, changes: WorkflowChanges): void {
  const endedByOrg = new Map<string, string[]>();
  for (const workflow of changes.ended()) {
    endedByOrg.set(workflow.orgId, [...(endedByOrg.get(workflow.orgId) ?? []), workflow.id]);
    const durationMs = context.clock.now() - workflow.createdAtMs;
    context.metrics.workflowEnded(workflow.kind, workflow.queue, workflow.status, durationMs);
  }
  for (const [orgId, workflowExecutionIds] of endedByOrg) {
    context.bus.hint(endedSubject(orgId), EndedHint.encode({ workflowExecutionIds }).finish());
  }
}

/** A key of a workflow's task that something else holds is logged, not fatal: the task runs without it. */
async function takeTaskKeys(
  context: DispatchContext,
  tx: Parameters<typeof takeKeys>[0],
  scheduled: readonly Scheduled[],
  now: number,
): Promise<void> {
  const wanted = new Map(
    scheduled.flatMap(({ workflow, task }) =>
      task.idempotencyKey === null
        ? []
        : [
            [
              `${workflow.orgId}/${task.idempotencyKey}`,
              {
                id: newId(),
                orgId: workflow.orgId,
                key: task.idempotencyKey,
                workflowId: null,
                taskId: task.taskId,
                kind: task.kind,
                expiresAt: now + task.keyTtlSeconds * 1000,
              },
            ] as const,
          ],
    ),
  );
  if (wanted.size === 0) return;
  const taken = await takeKeys(tx, { now, wanted: [...wanted.values()] });
  for (const [name, key] of wanted) {
    if (!taken.has(name))
      context.log.warn({ taskId: key.taskId }, "idempotency key of a task is held by something else");
  }
}

function toTaskRows(
  scheduled: readonly Scheduled[],
  now: number,
): {
  now: number;
  task: NewTaskRow[];
  transition: TransitionRow[];
} {
  return {
    now,
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

export function noSuchWorkflow(): DomainError {
  return new DomainError("NotFound", "workflow_execution_id: there is no such workflow execution");
}

function submissionBytes(submission: Submission): number {
  let bytes = submission.outcome.type === "COMPLETED" ? submission.outcome.output.byteLength : 0;
  for (const command of submission.commands) {
    if (command.type === "RECORD_OPERATION") bytes += command.result.byteLength;
    else if (command.type === "SET_STATE") bytes += command.value.byteLength;
    else if (command.type === "SCHEDULE_TASK") bytes += command.input.byteLength;
  }
  return bytes;
}
