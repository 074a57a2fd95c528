import { CommandType, SubmitWorkflowCommandsRequest, type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import type { Activation } from "./worker.js";

/** A command without its number, which follows from its place. */
export type Command = Omit<WorkflowCommand, "sequenceNumber">;

/** The activation ends with these commands, and the workflow waits. */
export function suspend({ execution }: Activation, commands: readonly Command[] = []): SubmitWorkflowCommandsRequest {
  return SubmitWorkflowCommandsRequest.fromPartial({
    workflowExecutionId: execution.id,
    status: WorkflowStatus.SUSPENDED,
    commands: numbered(commands),
  });
}

export function complete({ execution }: Activation, output: Buffer): SubmitWorkflowCommandsRequest {
  return SubmitWorkflowCommandsRequest.fromPartial({
    workflowExecutionId: execution.id,
    status: WorkflowStatus.COMPLETED,
    commands: numbered([
      {
        commandType: CommandType.COMPLETE_WORKFLOW,
        commandData: { $case: "completeWorkflow", value: { output } },
      },
    ]),
  });
}

function numbered(commands: readonly Command[]): WorkflowCommand[] {
  return commands.map((command, index) => ({ ...command, sequenceNumber: index + 1 }));
}
