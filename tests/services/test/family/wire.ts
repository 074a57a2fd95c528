import type { Submission, WorkflowCommand } from "@flovyn/domain";
import { CommandType, type WorkflowCommand as WireCommand, WorkflowStatus } from "@flovyn/proto/v1";

type Data = NonNullable<WireCommand["commandData"]>;

/** The wire form of a submission, as a worker sends it. */
export function toWire(submission: Submission) {
  const { outcome, commands, ...header } = submission;
  const bodies = commands.map(bodyOf);
  if (outcome.type === "COMPLETED") {
    const value = { output: Buffer.from(outcome.output) };
    bodies.push(["COMPLETE_WORKFLOW", { $case: "completeWorkflow", value }]);
  } else if (outcome.type === "FAILED") {
    const { error, stackTrace, failureType } = outcome;
    bodies.push(["FAIL_WORKFLOW", { $case: "failWorkflow", value: { error, stackTrace, failureType } }]);
  } else if (outcome.type === "CANCELLED") {
    bodies.push(["CANCEL_WORKFLOW", { $case: "cancelWorkflow", value: { reason: outcome.reason } }]);
  }
  return {
    ...header,
    status: WorkflowStatus[outcome.type],
    commands: bodies.map(([type, commandData], at): WireCommand => {
      return { commandType: CommandType[type], sequenceNumber: at + 1, commandData };
    }),
  };
}

function bodyOf(command: WorkflowCommand): [keyof typeof CommandType, Data] {
  switch (command.type) {
    case "RECORD_OPERATION":
      return [
        command.type,
        { $case: "recordOperation", value: { operationName: command.name, result: Buffer.from(command.result) } },
      ];
    case "SET_STATE":
      return [command.type, { $case: "setState", value: { key: command.key, value: Buffer.from(command.value) } }];
    case "CLEAR_STATE":
      return [command.type, { $case: "clearState", value: { key: command.key } }];
    case "SCHEDULE_TASK": {
      const { taskId: taskExecutionId, kind, input, maxRetries } = command;
      return [
        command.type,
        { $case: "scheduleTask", value: { taskExecutionId, kind, input: Buffer.from(input), maxRetries } },
      ];
    }
    case "START_TIMER":
      return [
        command.type,
        { $case: "startTimer", value: { timerId: command.timerId, durationMs: command.durationMs } },
      ];
    case "CANCEL_TIMER":
      return [command.type, { $case: "cancelTimer", value: { timerId: command.timerId } }];
    case "CREATE_PROMISE":
      return [
        command.type,
        {
          $case: "createPromise",
          value: {
            promiseId: command.name,
            timeoutMs: command.timeoutMs ?? undefined,
            idempotencyKey: command.idempotencyKey ?? undefined,
          },
        },
      ];
    case "RESOLVE_PROMISE":
      return [
        command.type,
        { $case: "resolvePromise", value: { promiseId: command.promise, value: Buffer.from(command.value) } },
      ];
    case "SCHEDULE_CHILD_WORKFLOW": {
      const { childId, name, kind, input, queue } = command;
      const value = {
        ...{ childExecutionName: name, workflowKind: kind, childWorkflowExecutionId: childId },
        ...{ input: Buffer.from(input), queue: queue ?? "", prioritySeconds: 0 },
      };
      return [command.type, { $case: "scheduleChildWorkflow", value }];
    }
    case "REQUEST_CANCEL_CHILD_WORKFLOW": {
      const { childId, name, reason } = command;
      const value = { childExecutionName: name, childWorkflowExecutionId: childId ?? "", reason };
      return [command.type, { $case: "requestCancelChildWorkflow", value }];
    }
  }
}
