import {
  CommandType,
  type CreatePromiseCommand,
  type ScheduleChildWorkflowCommand,
  type ScheduleTaskCommand,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  type WorkflowExecution,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import type { Command, CreatePromise, Outcome, ScheduleChildWorkflow, ScheduleTask } from "../engine/commands.js";
import type { ActivationResult } from "../engine/run-activation.js";

type Ending = Exclude<Outcome, { status: "ABANDONED" }>;
type CommandBody = Pick<WorkflowCommand, "commandType" | "commandData">;

/** The wire form of what an activation asks for. */
export function toSubmission(
  execution: Pick<WorkflowExecution, "id" | "claimEpoch">,
  result: Pick<ActivationResult, "commands" | "seenSequence">,
  outcome: Ending,
): SubmitWorkflowCommandsRequest {
  const bodies = [...result.commands.map(toBody), outcomeBody(outcome)];
  return SubmitWorkflowCommandsRequest.fromPartial({
    workflowExecutionId: execution.id,
    commands: bodies.map((body, index) => ({ ...body, sequenceNumber: index + 1 })),
    status: WorkflowStatus[outcome.status],
    // Servers that do not number their claims send 0.
    ...(execution.claimEpoch > 0 ? { claimEpoch: execution.claimEpoch } : {}),
    seenSequence: result.seenSequence,
  });
}

function toBody(command: Command): CommandBody {
  switch (command.type) {
    case "RECORD_OPERATION": {
      const value = { operationName: command.name, result: command.result };
      return { commandType: CommandType.RECORD_OPERATION, commandData: { $case: "recordOperation", value } };
    }
    case "SET_STATE": {
      const value = { key: command.key, value: command.value };
      return { commandType: CommandType.SET_STATE, commandData: { $case: "setState", value } };
    }
    case "CLEAR_STATE":
      return {
        commandType: CommandType.CLEAR_STATE,
        commandData: { $case: "clearState", value: { key: command.key } },
      };
    case "SCHEDULE_TASK":
      return {
        commandType: CommandType.SCHEDULE_TASK,
        commandData: { $case: "scheduleTask", value: scheduleTask(command) },
      };
    case "START_TIMER": {
      const { timerId, durationMs } = command;
      return {
        commandType: CommandType.START_TIMER,
        commandData: { $case: "startTimer", value: { timerId, durationMs } },
      };
    }
    case "CANCEL_TIMER": {
      const value = { timerId: command.timerId };
      return { commandType: CommandType.CANCEL_TIMER, commandData: { $case: "cancelTimer", value } };
    }
    case "CREATE_PROMISE":
      return {
        commandType: CommandType.CREATE_PROMISE,
        commandData: { $case: "createPromise", value: createPromise(command) },
      };
    case "RESOLVE_PROMISE": {
      const value = { promiseId: command.promise, value: command.value };
      return { commandType: CommandType.RESOLVE_PROMISE, commandData: { $case: "resolvePromise", value } };
    }
    case "SCHEDULE_CHILD_WORKFLOW":
      return {
        commandType: CommandType.SCHEDULE_CHILD_WORKFLOW,
        commandData: { $case: "scheduleChildWorkflow", value: scheduleChild(command) },
      };
    case "REQUEST_CANCEL_CHILD_WORKFLOW": {
      const { name: childExecutionName, workflowId: childWorkflowExecutionId, reason } = command;
      const value = { childExecutionName, childWorkflowExecutionId, reason };
      return {
        commandType: CommandType.REQUEST_CANCEL_CHILD_WORKFLOW,
        commandData: { $case: "requestCancelChildWorkflow", value },
      };
    }
  }
}

function scheduleTask({ type: _, taskId, ...command }: ScheduleTask): ScheduleTaskCommand {
  return { taskExecutionId: taskId, ...command };
}

/** The field is called an id and takes the name; the id is made by the server. */
function createPromise({ type: _, name, ...command }: CreatePromise): CreatePromiseCommand {
  return { promiseId: name, ...command };
}

function scheduleChild(command: ScheduleChildWorkflow): ScheduleChildWorkflowCommand {
  return {
    childExecutionName: command.name,
    workflowKind: command.kind,
    workflowDefinitionId: undefined,
    childWorkflowExecutionId: command.workflowId,
    input: command.input,
    // Empty means the queue of the parent.
    queue: command.queue ?? "",
    prioritySeconds: command.prioritySeconds ?? 0,
  };
}

/** What live streams tell about a suspended workflow. */
const suspendTypes = {
  task: "SUSPEND_TYPE_TASK",
  child: "SUSPEND_TYPE_CHILD_WORKFLOW",
  signal: "SUSPEND_TYPE_SIGNAL",
  promise: "SUSPEND_TYPE_PROMISE",
  timer: "SUSPEND_TYPE_TIMER",
} as const;

function outcomeBody(outcome: Ending): CommandBody {
  switch (outcome.status) {
    case "SUSPENDED": {
      const value = { reason: suspendTypes[outcome.waitsFor] };
      return { commandType: CommandType.SUSPEND_WORKFLOW, commandData: { $case: "suspendWorkflow", value } };
    }
    case "COMPLETED": {
      const value = { output: outcome.output };
      return { commandType: CommandType.COMPLETE_WORKFLOW, commandData: { $case: "completeWorkflow", value } };
    }
    case "FAILED": {
      // Determinism violations are ordinary failures on the wire, too.
      const value = { error: outcome.error, stackTrace: outcome.stackTrace, failureType: "ERROR" };
      return { commandType: CommandType.FAIL_WORKFLOW, commandData: { $case: "failWorkflow", value } };
    }
    case "CANCELLED": {
      const value = { reason: outcome.reason };
      return { commandType: CommandType.CANCEL_WORKFLOW, commandData: { $case: "cancelWorkflow", value } };
    }
  }
}
