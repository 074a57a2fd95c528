import { announce } from "@flovyn/bus";
import { lockNamedTasks, lockWorkflowsOfTasks, TaskChanges, WorkflowChanges } from "@flovyn/db";
import { type Actor, appendExternal, DomainError, missingOf, type Task, type TaskChange } from "@flovyn/domain";
import { reportWorkflows } from "@flovyn/runtime";
import type { TasksContext } from "./context.js";
import type { DelayedHints } from "./delayed-hints.js";

export interface TaskDecision {
  taskId: string;
  decide: (task: Task, now: number) => TaskChange;
  /** Undefined accepts any org: for sweeps. */
  orgId?: string;
  actor: Actor;
  cancellation?: { reason: string; by: string };
}

export type Decided = { ok: true; task: Task; changed: boolean } | { ok: false; error: DomainError };

/**
 * Applies decisions to tasks, and what follows from them to their workflows, in one transaction: workflows are locked
 * first, then tasks, each in id order. Hints leave after the commit. A refused decision leaves the others alone.
 */
export async function changeTasks(
  context: TasksContext,
  hints: DelayedHints,
  decisions: readonly TaskDecision[],
): Promise<Decided[]> {
  if (decisions.length === 0) return [];
  const now = context.clock.now();
  const named = decisions.map(({ taskId, orgId = null }) => ({ orgId, id: taskId }));
  const { results, tasks, workflows } = await context.db.transaction(async (tx) => {
    const [lockedWorkflows, lockedTasks] = await Promise.all([
      lockWorkflowsOfTasks(tx, named),
      lockNamedTasks(tx, named),
    ]);
    const workflows = new WorkflowChanges(lockedWorkflows);
    const tasks = new TaskChanges(lockedTasks);
    const results = decisions.map((decision) => decideOne(context, decision, { tasks, workflows, now }));
    tasks.write(tx, now);
    workflows.write(tx, now);
    return { results, tasks, workflows };
  });
  announce(context.bus, workflows, now, tasks.wakes(now));
  reportWorkflows(context, workflows);
  for (const task of tasks.pending()) {
    if (task.availableAtMs > now)
      hints.add({ orgId: task.orgId, queue: task.queue, delayMs: task.availableAtMs - now });
  }
  for (const task of tasks.ended()) context.metrics.taskEnded(task, task.status, now - task.createdAtMs);
  return results;
}

function decideOne(
  { config }: TasksContext,
  decision: TaskDecision,
  { tasks, workflows, now }: { tasks: TaskChanges; workflows: WorkflowChanges; now: number },
): Decided {
  try {
    const task = tasks.get(decision.taskId);
    if (task === undefined || (decision.orgId !== undefined && decision.orgId !== task.orgId)) throw noSuchTask();
    const change = decision.decide(task, now);
    tasks.add(change, decision.cancellation);
    if (task.workflowId !== null && change.workflowEvents.length > 0) {
      const workflow = workflows.get(task.workflowId);
      if (workflow !== undefined) {
        workflows.add(appendExternal(workflow, change.workflowEvents, decision.actor, config.limits.history));
      }
    }
    return { ok: true, task: change.next, changed: change.transitions.length > 0 };
  } catch (error) {
    if (error instanceof DomainError) return { ok: false, error };
    throw error;
  }
}

export function noSuchTask(): DomainError {
  return missingOf("task_execution_id", "there is no such task execution");
}
