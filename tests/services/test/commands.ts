import {
  CommandType,
  type CreatePromiseCommand,
  type RequestCancelChildWorkflowCommand,
  type ScheduleChildWorkflowCommand,
  type ScheduleTaskCommand,
  type WorkflowCommand,
} from "@flovyn/proto/v1";

type Data = NonNullable<WorkflowCommand["commandData"]>;

function build(commandType: CommandType, commandData: Data): WorkflowCommand {
  return { commandType, sequenceNumber: 1, commandData };
}

/** Commands as workers send them. Payloads are given as JSON text. */
export const command = {
  record: (operationName: string, result: string) =>
    build(CommandType.RECORD_OPERATION, {
      $case: "recordOperation",
      value: { operationName, result: Buffer.from(result) },
    }),
  setState: (key: string, value: string) =>
    build(CommandType.SET_STATE, { $case: "setState", value: { key, value: Buffer.from(value) } }),
  clearState: (key: string) => build(CommandType.CLEAR_STATE, { $case: "clearState", value: { key } }),
  scheduleTask: (taskExecutionId: string, more: Partial<ScheduleTaskCommand> = {}) =>
    build(CommandType.SCHEDULE_TASK, {
      $case: "scheduleTask",
      value: { kind: "charge", input: Buffer.from("1"), taskExecutionId, ...more },
    }),
  startTimer: (timerId: string, durationMs: number) =>
    build(CommandType.START_TIMER, { $case: "startTimer", value: { timerId, durationMs } }),
  cancelTimer: (timerId: string) => build(CommandType.CANCEL_TIMER, { $case: "cancelTimer", value: { timerId } }),
  createPromise: (name: string, more: Partial<CreatePromiseCommand> = {}) =>
    build(CommandType.CREATE_PROMISE, { $case: "createPromise", value: { promiseId: name, ...more } }),
  resolvePromise: (promiseId: string, value: string) =>
    build(CommandType.RESOLVE_PROMISE, {
      $case: "resolvePromise",
      value: { promiseId, value: Buffer.from(value) },
    }),
  scheduleChild: (
    childWorkflowExecutionId: string,
    childExecutionName: string,
    more: Partial<ScheduleChildWorkflowCommand> = {},
  ) =>
    build(CommandType.SCHEDULE_CHILD_WORKFLOW, {
      $case: "scheduleChildWorkflow",
      value: {
        ...{ childWorkflowExecutionId, childExecutionName, workflowKind: "child", input: Buffer.from("1") },
        ...{ queue: "", prioritySeconds: 0, ...more },
      },
    }),
  cancelChild: (child: Partial<RequestCancelChildWorkflowCommand>) =>
    build(CommandType.REQUEST_CANCEL_CHILD_WORKFLOW, {
      $case: "requestCancelChildWorkflow",
      value: { childExecutionName: "", childWorkflowExecutionId: "", reason: "", ...child },
    }),
  complete: (output: string) =>
    build(CommandType.COMPLETE_WORKFLOW, { $case: "completeWorkflow", value: { output: Buffer.from(output) } }),
  fail: (error: string) =>
    build(CommandType.FAIL_WORKFLOW, {
      $case: "failWorkflow",
      value: { error, stackTrace: "at run", failureType: "ERROR" },
    }),
  /** Only some clients send it; it asks for nothing. */
  suspend: (reason: string) => build(CommandType.SUSPEND_WORKFLOW, { $case: "suspendWorkflow", value: { reason } }),
  cancel: (reason: string) => build(CommandType.CANCEL_WORKFLOW, { $case: "cancelWorkflow", value: { reason } }),
};
