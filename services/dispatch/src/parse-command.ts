import {
  type ActivationOutcome,
  checkPayload,
  commandsPerSubmissionMax,
  cutText,
  DomainError,
  durationMsMax,
  errorTextMax,
  invalidField,
  keyLengthMax,
  maxRetriesMax,
  nameLengthMax,
  parseInteger,
  parseKeyTtl,
  parseKind,
  parsePriority,
  parseQueue,
  parseRetryPolicy,
  parseText,
  parseUuid,
  type Submission,
  type WorkflowCommand,
} from "@flovyn/domain";
import {
  CommandType,
  type ScheduleTaskCommand,
  type SubmitWorkflowCommandsRequest,
  type WorkflowCommand as WireCommand,
  WorkflowStatus,
} from "@flovyn/proto/v1";

const maxRetriesDefault = 3;
const emptyBytes = new Uint8Array(0);

/** How a command is called in refusals: `commands[2].schedule_task.kind`. */
function fieldOf(index: number, name: string): string {
  return `commands[${index}].${name}`;
}

/**
 * Checks a whole submission before anything is loaded. Errors: InvalidInput naming the field, PayloadTooLarge,
 * Unimplemented for commands that this version does not execute.
 */
export function parseSubmission(request: SubmitWorkflowCommandsRequest): Submission {
  if (request.commands.length > commandsPerSubmissionMax) {
    throw invalidField("commands", `must have at most ${commandsPerSubmissionMax}, has ${request.commands.length}`);
  }
  const commands: WorkflowCommand[] = [];
  let last: ActivationOutcome | undefined;
  request.commands.forEach((command, index) => {
    const parsed = parseCommand(command, index);
    if (parsed === undefined) return;
    if (last !== undefined)
      throw invalidField(`commands[${index}]`, "must not follow the command that ends the workflow");
    if ("outcome" in parsed) last = parsed.outcome;
    else commands.push(parsed.command);
  });
  return {
    commands,
    outcome: parseOutcome(request.status, last),
    ...(request.claimEpoch === undefined ? {} : { claimEpoch: request.claimEpoch }),
    ...(request.seenSequence === undefined ? {} : { seenSequence: request.seenSequence }),
  };
}

type Parsed = { command: WorkflowCommand } | { outcome: ActivationOutcome } | undefined;

function parseCommand(command: WireCommand, index: number): Parsed {
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
      return { outcome: { type: "CANCELLED", reason: cutText(data.value.reason, 500) } };
    }
    case CommandType.CREATE_PROMISE:
      throw later("CREATE_PROMISE");
    case CommandType.RESOLVE_PROMISE:
      throw later("RESOLVE_PROMISE");
    case CommandType.SCHEDULE_CHILD_WORKFLOW:
      throw later("SCHEDULE_CHILD_WORKFLOW");
    case CommandType.START_TIMER:
      throw later("START_TIMER");
    case CommandType.CANCEL_TIMER:
      throw later("CANCEL_TIMER");
    case CommandType.REQUEST_CANCEL_CHILD_WORKFLOW:
      throw later("REQUEST_CANCEL_CHILD_WORKFLOW");
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

/** The status decides; a command that ends the workflow only carries what belongs to it. */
function parseOutcome(status: WorkflowStatus, last: ActivationOutcome | undefined): ActivationOutcome {
  switch (status) {
    case WorkflowStatus.SUSPENDED:
      if (last !== undefined)
        throw invalidField("status", `is SUSPENDED, but a command ends the workflow as ${last.type}`);
      return { type: "SUSPENDED" };
    case WorkflowStatus.COMPLETED:
      return last?.type === "COMPLETED" ? last : { type: "COMPLETED", output: emptyBytes };
    case WorkflowStatus.FAILED:
      return last?.type === "FAILED" ? last : { type: "FAILED", error: "", stackTrace: "", failureType: "" };
    case WorkflowStatus.CANCELLED:
      return last?.type === "CANCELLED" ? last : { type: "CANCELLED", reason: "" };
    default:
      throw invalidField("status", "must be SUSPENDED, COMPLETED, FAILED or CANCELLED");
  }
}

function missing(index: number, name: string): DomainError {
  return invalidField(fieldOf(index, name), "is required by its command_type");
}

function later(command: string): DomainError {
  return new DomainError("Unimplemented", `${command} is not implemented yet`);
}
