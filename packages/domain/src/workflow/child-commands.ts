import { DomainError } from "../errors.js";
import { eventData, rawJson } from "../event-data.js";
import { append } from "./change.js";
import { childNames } from "./child-names.js";
import type { ScheduleChild } from "./commands.js";
import type { SubmitBuilder } from "./submit-builder.js";

/**
 * Creates a child; its event says under which id. An id that this workflow gave the same child before changes nothing and appends nothing. Ends are
 * looked up by name, so a name stands for one child. Errors: WrongState when something else of the organization has
 * the id, or another child the name. Source: SCHEDULE_CHILD_WORKFLOW.
 */
export function scheduleChild(submit: SubmitBuilder, command: ScheduleChild): void {
  const { change, created, facts } = submit;
  const { workflow } = change;
  const childId = facts.executionId(command.childId);
  const scheduled = created.child(childId);
  const existing = scheduled
    ? { kind: scheduled.kind, parentId: workflow.id, childName: scheduled.name }
    : facts.execution(childId);
  if (existing !== undefined) {
    const same = existing.parentId === workflow.id && existing.childName === command.name;
    if (same && existing.kind === command.kind) {
      submit.asksAgain ||= scheduled === undefined;
      return;
    }
    throw taken("child_workflow_execution_id", `${command.childId} is already used by something else`, "ID_TAKEN");
  }
  const named = created.childNamed(command.name) ?? facts.childNamed(command.name);
  if (named !== undefined) throw taken("child_execution_name", `another child is called ${command.name}`, "NAME_TAKEN");
  const initiatedSequence = append(
    change,
    "CHILD_WORKFLOW_INITIATED",
    eventData([
      ...childNames({ ...command, childId }),
      ["workflowKind", command.kind],
      ["input", rawJson(command.input)],
    ]),
  );
  created.addChild({ ...command, childId, queue: command.queue ?? workflow.queue, initiatedSequence });
}

/**
 * Asks to end a child. It leaves no event of its own: the parent learns of the end as of any other. A child that ended
 * already stays as it is. Errors: WrongState when the workflow has no such child. Source: REQUEST_CANCEL_CHILD_WORKFLOW.
 */
export function cancelChild(submit: SubmitBuilder, command: { childId: string | null; name: string; reason: string }) {
  const { change, created, facts } = submit;
  const { effects } = created;
  const chosen = command.childId === null ? undefined : facts.executionId(command.childId);
  const scheduled = chosen === undefined ? created.childNamed(command.name) : created.child(chosen);
  const id = scheduled?.childId ?? chosen ?? facts.childNamed(command.name);
  const isOurs = scheduled !== undefined || (id !== undefined && facts.execution(id)?.parentId === change.workflow.id);
  if (id === undefined || !isOurs) {
    throw new DomainError("WrongState", "request_cancel_child_workflow: the workflow has no such child", {
      field: "request_cancel_child_workflow.child_workflow_execution_id",
      reason: "NO_SUCH_CHILD",
    });
  }
  if (!effects.cancelledChildren.has(id)) effects.cancelledChildren.set(id, command.reason);
}

function taken(name: string, problem: string, reason: string): DomainError {
  const field = `schedule_child_workflow.${name}`;
  return new DomainError("WrongState", `${field}: ${problem}`, { field, reason });
}
