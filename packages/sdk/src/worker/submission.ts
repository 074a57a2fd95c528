import {
  CommandType,
  type ScheduleTaskCommand,
  SubmitWorkflowCommandsRequest,
  type WorkflowCommand,
  type WorkflowExecution,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import type { Command, Outcome, ScheduleTask } from "../engine/commands.js";
import type { ActivationResult } from "../engine/run-activation.js";

type Ending = Exclude<Outcome, { status: "ABANDONED" }>;
type CommandBody = Pick<WorkflowCommand, "commandType" | "commandData">;

/** The wire form of what an activation asks for. */
export function toSubmission(
  execution: Pick<WorkflowExecution, "id" | "claimEpoch">,
  result: Pick<ActivationResult, "commands" | "seenSequence">,
  outcome: Ending,
): SubmitWorkflowCommandsRequest {
  const bodies = result.commands.map(toBody);
  const terminal = terminalBody(outcome);
  if (terminal !== undefined) bodies.push(terminal);
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
  }
}

function scheduleTask({ type: _, taskId, ...command }: ScheduleTask): ScheduleTaskCommand {
  return { taskExecutionId: taskId, ...command };
}

/** SUSPENDED needs no command. */
function terminalBody(outcome: Ending): CommandBody | undefined {
  switch (outcome.status) {
    case "SUSPENDED":
      return undefined;
    case "COMPLETED": {
      const value = { output: outcome.output };
      return { commandType: CommandType.COMPLETE_WORKFLOW, commandData: { $case: "completeWorkflow", value } };
    }
    case "FAILED": {
      // Determinism violations are ordinary failures on the wire, too.
      const value = { error: outcome.error, stackTrace: outcome.stackTrace, failureType: "ERROR" };
      return { commandType: CommandType.FAIL_WORKFLOW, commandData: { $case: "failWorkflow", value } };
    }
  }
}
