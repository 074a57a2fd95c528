import { DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import { append } from "./change.js";
import type { ScheduleTask } from "./commands.js";
import type { SubmitBuilder } from "./submit-builder.js";

/**
 * Creates a task; its event says under which id. A task id that this workflow scheduled before, for the same kind, changes nothing and appends nothing.
 * Errors: WrongState when something else of the organization uses the id. Source: SCHEDULE_TASK.
 */
export function scheduleTask(submit: SubmitBuilder, command: ScheduleTask): void {
  const { change, created, facts } = submit;
  const { workflow } = change;
  const taskId = facts.taskId(command.taskId);
  const scheduled = created.task(taskId);
  const existing = scheduled ? { kind: scheduled.kind, workflowId: workflow.id } : facts.task(taskId);
  if (existing !== undefined) {
    if (existing.workflowId === workflow.id && existing.kind === command.kind) {
      submit.asksAgain ||= scheduled === undefined;
      return;
    }
    throw new DomainError("WrongState", `task_execution_id: ${command.taskId} is already used by something else`, {
      field: "task_execution_id",
      reason: "ID_TAKEN",
    });
  }
  const queue = command.queue ?? workflow.queue;
  const data = eventData([
    ["taskExecutionId", taskId],
    ["kind", command.kind],
    ["taskType", command.kind],
    ["input", rawJson(command.input)],
    ["queue", queue],
    ["maxRetries", command.maxRetries],
    ["timeoutMs", command.timeoutMs],
    ["idempotencyKey", command.idempotencyKey],
  ]);
  const scheduledSequence = append(change, "TASK_SCHEDULED", data);
  created.addTask({ ...command, taskId, queue, scheduledSequence });
}
