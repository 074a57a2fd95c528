import { type Caller, decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findTask } from "@flovyn/db";
import {
  type Actor,
  cancelReasonMax,
  cancelTask,
  checkLength,
  DomainError,
  isTaskTerminal,
  parseExecutionId,
  parseUuid,
  type Task,
} from "@flovyn/domain";
import { CancelTaskExecutionRequest, CancelTaskExecutionResponse } from "@flovyn/proto/internal";
import { CancelTaskRequest } from "@flovyn/proto/v1";
import { changeTasks, noSuchTask } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

const empty = new Uint8Array(0);
const reasonDefault = "cancelled by request";

/**
 * Ends a PENDING or RUNNING task as CANCELLED; cancelling it again is fine. Errors: InvalidInput, NotFound, WrongState
 * for a task that ended otherwise. Source: CancelTask.
 */
export async function cancelTaskExecution(
  context: TasksContext,
  hints: DelayedHints,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const { taskExecutionId } = decodeMessage(CancelTaskRequest, request.payload);
  const id = parseUuid(taskExecutionId, "task_execution_id");
  await cancelOne(context, hints, { caller: request.caller, id, reason: reasonDefault, check: refuseEnded });
  return empty;
}

/**
 * The same with a reason and an answer, for REST: a task that ended before is one. With `only_pending` a task that a worker
 * has, or that belongs to a workflow, is refused. Errors: InvalidInput, NotFound, WrongState.
 */
export async function cancelTaskForRest(
  context: TasksContext,
  hints: DelayedHints,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(CancelTaskExecutionRequest, request.payload);
  const { caller } = request;
  const { id, partition } = parseExecutionId(message.id, "id");
  const reason = checkLength(message.reason, "reason", cancelReasonMax) || reasonDefault;
  if (partition !== undefined) {
    const task = await findTask(context.db, { orgId: caller.orgId, id });
    if (task?.partitionKey !== partition) throw noSuchTask();
  }
  const check = message.onlyPending ? refuseHeld : () => {};
  const { task, changed } = await cancelOne(context, hints, { caller, id, reason, check });
  return CancelTaskExecutionResponse.encode({ cancelled: changed, status: task.status }).finish();
}

interface Wanted {
  caller: Caller;
  id: string;
  reason: string;
  /** Throws for a task that must not be cancelled. */
  check: (task: Task) => void;
}

async function cancelOne(context: TasksContext, hints: DelayedHints, { caller, id, reason, check }: Wanted) {
  const actor: Actor = { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId };
  const [decided] = await changeTasks(context, hints, [
    {
      taskId: id,
      orgId: caller.orgId,
      actor,
      cancellation: { reason, by: actor.id },
      decide: (task, now) => {
        check(task);
        return cancelTask(task, reason, actor, now);
      },
    },
  ]);
  if (decided === undefined) throw noSuchTask();
  if (!decided.ok) throw decided.error;
  return decided;
}

function refuseEnded(task: Task): void {
  if (isTaskTerminal(task.status) && task.status !== "CANCELLED") {
    throw new DomainError("WrongState", `the task is ${task.status}`, { reason: "NOT_ACTIVE" });
  }
}

function refuseHeld(task: Task): void {
  if (task.status === "CANCELLED") return;
  if (task.workflowId !== null) throw new DomainError("WrongState", "the task belongs to a workflow");
  if (task.status !== "PENDING") throw new DomainError("WrongState", `the task is ${task.status}, not PENDING`);
}
