import {
  type ActivationOutcome,
  keyTtlSecondsDefault,
  newId,
  parseRetryPolicy,
  type WorkflowCommand,
} from "@flovyn/domain";
import type { Command, Outcome } from "../../engine/commands.js";

const maxRetriesDefault = 3;

/** What the server makes of a command. Errors: DomainError for a retry policy that it would refuse. */
export function toDomainCommand(command: Command): WorkflowCommand {
  switch (command.type) {
    case "RECORD_OPERATION":
    case "SET_STATE":
    case "CLEAR_STATE":
    case "START_TIMER":
    case "CANCEL_TIMER":
    case "RESOLVE_PROMISE":
      return command;
    case "SCHEDULE_TASK":
      return {
        type: command.type,
        taskId: command.taskId,
        kind: command.kind,
        input: command.input,
        maxRetries: command.maxRetries ?? maxRetriesDefault,
        timeoutMs: command.timeoutMs || null,
        queue: command.queue ?? null,
        priorityMs: (command.prioritySeconds ?? 0) * 1000,
        retryPolicy: command.retryPolicy === undefined ? null : parseRetryPolicy(command.retryPolicy, "retry_policy"),
        idempotencyKey: command.idempotencyKey ?? null,
        keyTtlSeconds: command.idempotencyKeyTtlSeconds ?? keyTtlSecondsDefault,
      };
    case "CREATE_PROMISE":
      return {
        type: command.type,
        promiseId: newId(),
        name: command.name,
        timeoutMs: command.timeoutMs ?? null,
        idempotencyKey: command.idempotencyKey ?? null,
        keyTtlSeconds: command.idempotencyKeyTtlSeconds ?? keyTtlSecondsDefault,
      };
    case "SCHEDULE_CHILD_WORKFLOW":
      return {
        type: command.type,
        childId: command.workflowId,
        name: command.name,
        kind: command.kind,
        input: command.input,
        queue: command.queue || null,
        priorityMs: (command.prioritySeconds ?? 0) * 1000,
      };
    case "REQUEST_CANCEL_CHILD_WORKFLOW":
      return { type: command.type, childId: command.workflowId, name: command.name, reason: command.reason };
  }
}

export function toDomainOutcome(outcome: Exclude<Outcome, { status: "ABANDONED" }>): ActivationOutcome {
  switch (outcome.status) {
    case "SUSPENDED":
      return { type: "SUSPENDED" };
    case "COMPLETED":
      return { type: "COMPLETED", output: outcome.output };
    case "FAILED":
      return { type: "FAILED", error: outcome.error, stackTrace: outcome.stackTrace, failureType: "ERROR" };
    case "CANCELLED":
      return { type: "CANCELLED", reason: outcome.reason };
  }
}
