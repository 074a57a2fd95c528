import { findOpenTasksOf, lockTasks, TaskChanges, type Transaction, type WorkflowChanges } from "@flovyn/db";
import { type Actor, cancel, cancelTask } from "@flovyn/domain";

export interface Cancellation {
  workflowId: string;
  reason: string;
  actor: Actor;
  /** False leaves the children alone. */
  withChildren?: boolean;
}

/**
 * Ends locked workflows as cancelled, and their open tasks with them; those that ended before stay as they are. Children
 * follow in transactions of their own: see `batches/ends.ts`.
 */
export async function cancelLocked(
  tx: Transaction,
  workflows: WorkflowChanges,
  cancellations: readonly Cancellation[],
  now: number,
): Promise<void> {
  const effective = new Map<string, Cancellation>();
  for (const cancellation of cancellations) {
    const { workflowId, reason, actor, withChildren = true } = cancellation;
    const workflow = workflows.get(workflowId);
    if (workflow === undefined) continue;
    const change = cancel(workflow, reason, actor, { withMembers: withChildren });
    if (change.transitions.length > 0) effective.set(workflowId, cancellation);
    workflows.add(change);
  }
  await cancelOpenTasks(tx, effective, now);
}

/** Cancels the open tasks of locked workflows, each for the reason given for its workflow. */
export async function cancelOpenTasks(
  tx: Transaction,
  byWorkflow: ReadonlyMap<string, Cancellation>,
  now: number,
): Promise<void> {
  if (byWorkflow.size === 0) return;
  const tasks = new TaskChanges(await lockTasks(tx, await findOpenTasksOf(tx, [...byWorkflow.keys()])));
  for (const task of tasks.all()) {
    const cancellation = byWorkflow.get(task.workflowId ?? "");
    if (cancellation === undefined) continue;
    const { reason, actor } = cancellation;
    tasks.add(cancelTask(task, reason, actor, now), { reason, by: actor.id });
  }
  tasks.write(tx, now);
}
