import { type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";
import { completeWorkflow, failWorkflow } from "./commands.js";

/** What an activation reports. */
export interface Submission {
  commands: WorkflowCommand[];
  status: WorkflowStatus;
}

export function suspended(...commands: WorkflowCommand[]): Submission {
  return { commands, status: WorkflowStatus.SUSPENDED };
}

export function completed(output: string | Buffer, ...before: WorkflowCommand[]): Submission {
  return { commands: [...before, completeWorkflow(output)], status: WorkflowStatus.COMPLETED };
}

export function failed(error: string, ...before: WorkflowCommand[]): Submission {
  return { commands: [...before, failWorkflow(error)], status: WorkflowStatus.FAILED };
}
