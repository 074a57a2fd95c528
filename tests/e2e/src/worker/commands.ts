import { CommandType, type WorkflowCommand, WorkflowStatus } from "@flovyn/proto/v1";

/** The commands of a submission, short enough to read in a test. */

export function scheduleTask(task: {
  id: string;
  kind: string;
  input?: string;
  queue?: string;
  maxRetries?: number;
}): WorkflowCommand {
  return {
    commandType: CommandType.SCHEDULE_TASK,
    sequenceNumber: 0,
    commandData: {
      $case: "scheduleTask",
      value: {
        kind: task.kind,
        input: Buffer.from(task.input ?? "null"),
        taskExecutionId: task.id,
        maxRetries: task.maxRetries,
        timeoutMs: undefined,
        queue: task.queue,
        prioritySeconds: undefined,
        idempotencyKey: undefined,
        idempotencyKeyTtlSeconds: undefined,
        retryPolicy: undefined,
      },
    },
  };
}

export function recordOperation(operationName: string, result: string | Buffer): WorkflowCommand {
  return {
    commandType: CommandType.RECORD_OPERATION,
    sequenceNumber: 0,
    commandData: { $case: "recordOperation", value: { operationName, result: Buffer.from(result) } },
  };
}

export function setState(key: string, value: string): WorkflowCommand {
  return {
    commandType: CommandType.SET_STATE,
    sequenceNumber: 0,
    commandData: { $case: "setState", value: { key, value: Buffer.from(value) } },
  };
}

export function completeWorkflow(output: string): WorkflowCommand {
  return {
    commandType: CommandType.COMPLETE_WORKFLOW,
    sequenceNumber: 0,
    commandData: { $case: "completeWorkflow", value: { output: Buffer.from(output) } },
  };
}

export function failWorkflow(error: string): WorkflowCommand {
  return {
    commandType: CommandType.FAIL_WORKFLOW,
    sequenceNumber: 0,
    commandData: { $case: "failWorkflow", value: { error, stackTrace: "", failureType: "ERROR" } },
  };
}

export interface Submission {
  commands: WorkflowCommand[];
  status: WorkflowStatus;
}

export function suspended(...commands: WorkflowCommand[]): Submission {
  return { commands, status: WorkflowStatus.SUSPENDED };
}

export function completed(output: string, ...before: WorkflowCommand[]): Submission {
  return { commands: [...before, completeWorkflow(output)], status: WorkflowStatus.COMPLETED };
}

export function failed(error: string): Submission {
  return { commands: [failWorkflow(error)], status: WorkflowStatus.FAILED };
}
