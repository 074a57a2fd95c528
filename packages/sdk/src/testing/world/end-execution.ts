import { type Actor, cancel, cancelTask, childEndEvent, isTaskTerminal, parentTold } from "@flovyn/domain";
import { TaskAbortedError } from "../../errors.js";
import type { Execution, TaskEntry, World } from "./world.js";

/** Ends a live execution as cancelled, its tasks with it, and its children unless told otherwise; how many of these. */
export function cancelExecution(
  world: World,
  execution: Execution,
  why: { reason: string; actor: Actor; withChildren?: boolean },
): { cancelled: boolean; children: number } {
  const { reason, actor, withChildren = true } = why;
  const change = cancel(execution.workflow, reason, actor, { withMembers: withChildren });
  if (change.transitions.length === 0) return { cancelled: false, children: 0 };
  world.change(execution, change);
  for (const entry of world.tasksOf(execution.workflow.id)) cancelEntry(world, entry, reason, actor);
  let children = 0;
  for (const child of withChildren ? world.childrenOf(execution.workflow.id) : []) {
    const below = cancelExecution(world, child, { reason, actor });
    children += below.children + (below.cancelled ? 1 : 0);
  }
  followEnd(world, execution);
  return { cancelled: true, children };
}

/** What the end of an execution means for what belongs to it, and for its parent. */
export function followEnd(world: World, execution: Execution): void {
  const { workflow } = execution;
  const { status } = workflow;
  if (status !== "COMPLETED" && status !== "FAILED" && status !== "CANCELLED") return;
  for (const timer of execution.timers.values()) {
    if (timer.status === "ARMED") execution.timers.set(timer.timerId, { ...timer, status: "CANCELLED" });
  }
  for (const [index, promise] of execution.promises.entries()) {
    if (promise.status === "OPEN") execution.promises[index] = { ...promise, status: "CANCELLED" };
  }
  if (execution.key !== undefined && status !== "COMPLETED") world.freeKey(execution.key);
  const parent = world.executions.get(workflow.parentId ?? "");
  if (!workflow.owesParent || parent === undefined) return;
  const { id, kind, childName, output, error, cancellation } = workflow;
  const cancellationReason = cancellation?.reason ?? null;
  world.append(parent, childEndEvent({ id, kind, name: childName ?? "", status, output, error, cancellationReason }));
  world.change(execution, { next: parentTold(workflow), events: [], transitions: [] });
}

function cancelEntry(world: World, entry: TaskEntry, reason: string, actor: Actor): void {
  if (isTaskTerminal(entry.task.status)) return;
  world.changeTask(entry, cancelTask(entry.task, reason, actor, world.nowMs));
  entry.attempt?.abort(new TaskAbortedError("claim-lost", "the task was cancelled"));
}
