import { randomUUID } from "node:crypto";
import {
  CommandType,
  SubmitWorkflowCommandsRequest,
  type WorkflowEvent,
  type WorkflowExecution,
  WorkflowStatus,
} from "@flovyn/proto/v1";
import { taskKind, type Workload } from "../../workloads.js";

/** What the workflow does next, given its whole history: what the replay of an existing SDK comes to for these workloads. */
export function decide(
  workload: Workload,
  execution: Pick<WorkflowExecution, "id" | "input">,
  events: readonly WorkflowEvent[],
): SubmitWorkflowCommandsRequest {
  const workflowExecutionId = execution.id;
  if (workload.tasks === 0) return complete(workflowExecutionId, execution.input);
  const completed = events.find((event) => event.eventType === "TASK_COMPLETED");
  if (completed !== undefined) return complete(workflowExecutionId, outputOf(completed));
  if (events.some((event) => event.eventType === "TASK_SCHEDULED")) return suspend(workflowExecutionId);
  return SubmitWorkflowCommandsRequest.fromPartial({
    workflowExecutionId,
    status: WorkflowStatus.SUSPENDED,
    commands: [
      {
        commandType: CommandType.SCHEDULE_TASK,
        sequenceNumber: 1,
        commandData: {
          $case: "scheduleTask",
          value: { kind: taskKind, input: execution.input, taskExecutionId: randomUUID() },
        },
      },
    ],
  });
}

function suspend(workflowExecutionId: string): SubmitWorkflowCommandsRequest {
  return SubmitWorkflowCommandsRequest.fromPartial({ workflowExecutionId, status: WorkflowStatus.SUSPENDED });
}

function complete(workflowExecutionId: string, output: Buffer): SubmitWorkflowCommandsRequest {
  return SubmitWorkflowCommandsRequest.fromPartial({
    workflowExecutionId,
    status: WorkflowStatus.COMPLETED,
    commands: [
      {
        commandType: CommandType.COMPLETE_WORKFLOW,
        sequenceNumber: 1,
        commandData: { $case: "completeWorkflow", value: { output } },
      },
    ],
  });
}

function outputOf({ eventData }: WorkflowEvent): Buffer {
  const { output } = JSON.parse(eventData.toString("utf8")) as { output: unknown };
  return Buffer.from(JSON.stringify(output));
}
