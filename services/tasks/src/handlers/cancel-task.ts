import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { type Actor, cancelTask, DomainError, isTaskTerminal, parseUuid } from "@flovyn/domain";
import { CancelTaskRequest } from "@flovyn/proto/v1";
import { changeTasks } from "../change-tasks.js";
import type { TasksContext } from "../context.js";
import type { DelayedHints } from "../delayed-hints.js";

const empty = new Uint8Array(0);
const reason = "cancelled by request";

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
  const { caller } = request;
  const actor: Actor = { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId };
  const [decided] = await changeTasks(context, hints, [
    {
      taskId: parseUuid(taskExecutionId, "task_execution_id"),
      orgId: caller.orgId,
      actor,
      cancellation: { reason, by: actor.id },
      decide: (task, now) => {
        if (isTaskTerminal(task.status) && task.status !== "CANCELLED") {
          throw new DomainError("WrongState", `the task is ${task.status}`, { reason: "NOT_ACTIVE" });
        }
        return cancelTask(task, reason, actor, now);
      },
    },
  ]);
  if (decided !== undefined && !decided.ok) throw decided.error;
  return empty;
}
