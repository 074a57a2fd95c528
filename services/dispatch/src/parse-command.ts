import {
  type ActivationOutcome,
  cancelReasonMax,
  checkPayload,
  cutText,
  type DomainError,
  defaultQueue,
  durationMsMax,
  errorTextMax,
  invalidField,
  isUuid,
  keyLengthMax,
  keyTtlSecondsMax,
  maxRetriesMax,
  nameLengthMax,
  newId,
  parseInteger,
  parseKeyTtl,
  parseKind,
  parsePriority,
  parseQueue,
  parseRetryPolicy,
  parseText,
  parseUuid,
  type WorkflowCommand,
} from "@flovyn/domain";
import {
  CommandType,
  type CreatePromiseCommand,
  type RequestCancelChildWorkflowCommand,
  type ScheduleChildWorkflowCommand,
  type ScheduleTaskCommand,
  type WorkflowCommand as WireCommand,
} from "@flovyn/proto/v1";

const maxRetriesDefault = 3;

/** How a command is called in refusals: `commands[2].schedule_task.kind`. */
function fieldOf(index: number, name: string): string {
  return `commands[${index}].${name}`;
}

type Parsed = { command: WorkflowCommand } | { outcome: ActivationOutcome } | undefined;

/** Checks one command. Undefined: it asks for nothing. Errors: InvalidInput naming the field, PayloadTooLarge. */
export function parseCommand(command: WireCommand, index: number): Parsed {
  const data = command.commandData;
  switch (command.commandType) {
    case CommandType.COMMAND_TYPE_UNSPECIFIED:
    case CommandType.SUSPEND_WORKFLOW:
      return undefined;
    case CommandType.RECORD_OPERATION: {
      if (data?.$case !== "recordOperation") throw missing(index, "record_operation");
      const name = parseText(
        data.value.operationName,
        fieldOf(index, "record_operation.operation_name"),
        nameLengthMax,
      );
      const result = checkPayload(data.value.result, fieldOf(index, "record_operation.result"));
      return { command: { type: "RECORD_OPERATION", name, result } };
    }
    case CommandType.SET_STATE: {
      if (data?.$case !== "setState") throw missing(index, "set_state");
      const key = parseText(data.value.key, fieldOf(index, "set_state.key"), keyLengthMax);
      return {
        command: { type: "SET_STATE", key, value: checkPayload(data.value.value, fieldOf(index, "set_state.value")) },
      };
    }
    case CommandType.CLEAR_STATE: {
      if (data?.$case !== "clearState") throw missing(index, "clear_state");
      return {
        command: {
          type: "CLEAR_STATE",
          key: parseText(data.value.key, fieldOf(index, "clear_state.key"), keyLengthMax),
        },
      };
    }
    case CommandType.SCHEDULE_TASK:
      if (data?.$case !== "scheduleTask") throw missing(index, "schedule_task");
      return { command: parseScheduleTask(data.value, (name) => fieldOf(index, `schedule_task.${name}`)) };
    case CommandType.COMPLETE_WORKFLOW: {
      if (data?.$case !== "completeWorkflow") throw missing(index, "complete_workflow");
      const output = checkPayload(data.value.output, fieldOf(index, "complete_workflow.output"));
      return { outcome: { type: "COMPLETED", output } };
    }
    case CommandType.FAIL_WORKFLOW: {
      if (data?.$case !== "failWorkflow") throw missing(index, "fail_workflow");
      const { error, stackTrace, failureType } = data.value;
      return {
        outcome: {
          type: "FAILED",
          error: cutText(error, errorTextMax),
          stackTrace: cutText(stackTrace, errorTextMax),
          failureType: cutText(failureType, nameLengthMax),
        },
      };
    }
    case CommandType.CANCEL_WORKFLOW: {
      if (data?.$case !== "cancelWorkflow") throw missing(index, "cancel_workflow");
      return { outcome: { type: "CANCELLED", reason: cutText(data.value.reason, cancelReasonMax) } };
    }
    case CommandType.CREATE_PROMISE:
      if (data?.$case !== "createPromise") throw missing(index, "create_promise");
      return { command: parseCreatePromise(data.value, (name) => fieldOf(index, `create_promise.${name}`)) };
    case CommandType.RESOLVE_PROMISE: {
      if (data?.$case !== "resolvePromise") throw missing(index, "resolve_promise");
      const promise = parseText(data.value.promiseId, fieldOf(index, "resolve_promise.promise_id"), nameLengthMax);
      const value = checkPayload(data.value.value, fieldOf(index, "resolve_promise.value"));
      return {
        command: { type: "RESOLVE_PROMISE", promise: isUuid(promise) ? promise.toLowerCase() : promise, value },
      };
    }
    case CommandType.SCHEDULE_CHILD_WORKFLOW:
      if (data?.$case !== "scheduleChildWorkflow") throw missing(index, "schedule_child_workflow");
      return { command: parseScheduleChild(data.value, (name) => fieldOf(index, `schedule_child_workflow.${name}`)) };
    case CommandType.START_TIMER: {
      if (data?.$case !== "startTimer") throw missing(index, "start_timer");
      const timerId = parseText(data.value.timerId, fieldOf(index, "start_timer.timer_id"), nameLengthMax);
      const field = fieldOf(index, "start_timer.duration_ms");
      return {
        command: {
          type: "START_TIMER",
          timerId,
          durationMs: parseInteger(data.value.durationMs, field, 0, durationMsMax),
        },
      };
    }
    case CommandType.CANCEL_TIMER: {
      if (data?.$case !== "cancelTimer") throw missing(index, "cancel_timer");
      const timerId = parseText(data.value.timerId, fieldOf(index, "cancel_timer.timer_id"), nameLengthMax);
      return { command: { type: "CANCEL_TIMER", timerId } };
    }
    case CommandType.REQUEST_CANCEL_CHILD_WORKFLOW:
      if (data?.$case !== "requestCancelChildWorkflow") throw missing(index, "request_cancel_child_workflow");
      return {
        command: parseCancelChild(data.value, (name) => fieldOf(index, `request_cancel_child_workflow.${name}`)),
      };
    default:
      throw invalidField(fieldOf(index, "command_type"), "is not a command");
  }
}

function parseScheduleTask(task: ScheduleTaskCommand, field: (name: string) => string): WorkflowCommand {
  const { retryPolicy, timeoutMs, idempotencyKey } = task;
  return {
    type: "SCHEDULE_TASK",
    taskId: parseUuid(task.taskExecutionId, field("task_execution_id")),
    kind: parseKind(task.kind, field("kind")),
    input: checkPayload(task.input, field("input")),
    maxRetries: parseInteger(task.maxRetries ?? maxRetriesDefault, field("max_retries"), 0, maxRetriesMax),
    // 0 is how clients without presence say "none".
    timeoutMs: timeoutMs ? parseInteger(timeoutMs, field("timeout_ms"), 1, durationMsMax) : null,
    queue: task.queue ? parseQueue(task.queue, field("queue")) : null,
    priorityMs: parsePriority(task.prioritySeconds ?? 0, field("priority_seconds")),
    retryPolicy: retryPolicy ? parseRetryPolicy(retryPolicy, field("retry_policy")) : null,
    idempotencyKey: idempotencyKey ? parseText(idempotencyKey, field("idempotency_key"), keyLengthMax) : null,
    keyTtlSeconds: parseKeyTtl(task.idempotencyKeyTtlSeconds, field("idempotency_key_ttl_seconds")),
  };
}

/** The wire calls the name of the promise its id; the id is made here, so that the event can carry it. */
function parseCreatePromise(promise: CreatePromiseCommand, field: (name: string) => string): WorkflowCommand {
  const { idempotencyKey } = promise;
  const timeoutMs =
    promise.timeoutMs === undefined ? null : parseInteger(promise.timeoutMs, field("timeout_ms"), 0, durationMsMax);
  const ttlSeconds = parseKeyTtl(promise.idempotencyKeyTtlSeconds, field("idempotency_key_ttl_seconds"));
  return {
    type: "CREATE_PROMISE",
    promiseId: newId(),
    name: parseText(promise.promiseId, field("promise_id"), nameLengthMax),
    timeoutMs,
    idempotencyKey: idempotencyKey ? parseText(idempotencyKey, field("idempotency_key"), keyLengthMax) : null,
    keyTtlSeconds: promise.idempotencyKeyTtlSeconds === undefined ? atLeast(ttlSeconds, timeoutMs) : ttlSeconds,
  };
}

/** A key that nobody gave a lifetime lives as long as its promise may be settled, as far as keys may live. */
function atLeast(ttlSeconds: number, timeoutMs: number | null): number {
  return Math.max(ttlSeconds, Math.min(Math.ceil((timeoutMs ?? 0) / 1000), keyTtlSecondsMax));
}

/** Clients that have no queue for the child send nothing or "default"; both mean the queue of the parent. */
function parseScheduleChild(child: ScheduleChildWorkflowCommand, field: (name: string) => string): WorkflowCommand {
  if (child.workflowDefinitionId)
    throw invalidField(field("workflow_definition_id"), "definitions cannot be started yet");
  return {
    type: "SCHEDULE_CHILD_WORKFLOW",
    childId: parseUuid(child.childWorkflowExecutionId, field("child_workflow_execution_id")),
    name: parseText(child.childExecutionName, field("child_execution_name"), nameLengthMax),
    kind: parseKind(child.workflowKind ?? "", field("workflow_kind")),
    input: checkPayload(child.input, field("input")),
    queue: child.queue === "" || child.queue === defaultQueue ? null : parseQueue(child.queue, field("queue")),
    priorityMs: parsePriority(child.prioritySeconds, field("priority_seconds")),
  };
}

function parseCancelChild(cancel: RequestCancelChildWorkflowCommand, field: (name: string) => string): WorkflowCommand {
  const { childWorkflowExecutionId: id, childExecutionName, reason } = cancel;
  return {
    type: "REQUEST_CANCEL_CHILD_WORKFLOW",
    childId: id === "" ? null : parseUuid(id, field("child_workflow_execution_id")),
    name: id === "" ? parseText(childExecutionName, field("child_execution_name"), nameLengthMax) : childExecutionName,
    reason: cutText(reason, cancelReasonMax),
  };
}

function missing(index: number, name: string): DomainError {
  return invalidField(fieldOf(index, name), "is required by its command_type");
}
