/** The commands of a submission, short enough to read in a test. What is left out is what the protocol calls unset. */
import { CommandType, WorkflowCommand } from "@flovyn/proto/v1";

type CommandData = NonNullable<WorkflowCommand["commandData"]>;
type Wanted = NonNullable<Parameters<typeof WorkflowCommand.fromPartial>[0]["commandData"]>;

export function scheduleTask(task: {
  id: string;
  kind: string;
  input?: string | Buffer;
  queue?: string;
  maxRetries?: number;
  timeoutMs?: number;
  idempotencyKey?: string;
  retryPolicy?: string;
}): WorkflowCommand {
  const { id: taskExecutionId, input = "null", ...rest } = task;
  return command({ $case: "scheduleTask", value: { taskExecutionId, input: Buffer.from(input), ...rest } });
}

export function recordOperation(operationName: string, result: string | Buffer): WorkflowCommand {
  return command({ $case: "recordOperation", value: { operationName, result: Buffer.from(result) } });
}

export function setState(key: string, value: string): WorkflowCommand {
  return command({ $case: "setState", value: { key, value: Buffer.from(value) } });
}

export function clearState(key: string): WorkflowCommand {
  return command({ $case: "clearState", value: { key } });
}

export function startTimer(timerId: string, durationMs: number): WorkflowCommand {
  return command({ $case: "startTimer", value: { timerId, durationMs } });
}

export function cancelTimer(timerId: string): WorkflowCommand {
  return command({ $case: "cancelTimer", value: { timerId } });
}

/** The wire calls the name of the promise its id. */
export function createPromise(
  name: string,
  options: { timeoutMs?: number; idempotencyKey?: string; idempotencyKeyTtlSeconds?: number } = {},
): WorkflowCommand {
  return command({ $case: "createPromise", value: { promiseId: name, ...options } });
}

/** By name or id. */
export function resolvePromise(promiseId: string, value: string | Buffer): WorkflowCommand {
  return command({ $case: "resolvePromise", value: { promiseId, value: Buffer.from(value) } });
}

export function scheduleChild(child: {
  id: string;
  name: string;
  kind: string;
  input?: string | Buffer;
  queue?: string;
}): WorkflowCommand {
  const { id: childWorkflowExecutionId, name: childExecutionName, kind: workflowKind, input = "null", queue } = child;
  return command({
    $case: "scheduleChildWorkflow",
    value: {
      childWorkflowExecutionId,
      childExecutionName,
      workflowKind,
      input: Buffer.from(input),
      queue: queue ?? "",
    },
  });
}

export function cancelChild(child: { id?: string; name?: string; reason?: string }): WorkflowCommand {
  const { id: childWorkflowExecutionId = "", name: childExecutionName = "", reason = "" } = child;
  return command({
    $case: "requestCancelChildWorkflow",
    value: { childWorkflowExecutionId, childExecutionName, reason },
  });
}

export function suspendWorkflow(reason: string): WorkflowCommand {
  return command({ $case: "suspendWorkflow", value: { reason } });
}

export function completeWorkflow(output: string | Buffer): WorkflowCommand {
  return command({ $case: "completeWorkflow", value: { output: Buffer.from(output) } });
}

export function failWorkflow(error: string, failureType = "ERROR"): WorkflowCommand {
  return command({ $case: "failWorkflow", value: { error, stackTrace: "", failureType } });
}

export function cancelWorkflow(reason: string): WorkflowCommand {
  return command({ $case: "cancelWorkflow", value: { reason } });
}

/** What one SDK sends, without data, where it means to cancel something. */
export function unspecified(): WorkflowCommand {
  return WorkflowCommand.fromPartial({ commandType: CommandType.COMMAND_TYPE_UNSPECIFIED });
}

const typeOf: Readonly<Record<CommandData["$case"], CommandType>> = {
  recordOperation: CommandType.RECORD_OPERATION,
  setState: CommandType.SET_STATE,
  clearState: CommandType.CLEAR_STATE,
  scheduleTask: CommandType.SCHEDULE_TASK,
  completeWorkflow: CommandType.COMPLETE_WORKFLOW,
  failWorkflow: CommandType.FAIL_WORKFLOW,
  suspendWorkflow: CommandType.SUSPEND_WORKFLOW,
  cancelWorkflow: CommandType.CANCEL_WORKFLOW,
  createPromise: CommandType.CREATE_PROMISE,
  resolvePromise: CommandType.RESOLVE_PROMISE,
  scheduleChildWorkflow: CommandType.SCHEDULE_CHILD_WORKFLOW,
  startTimer: CommandType.START_TIMER,
  cancelTimer: CommandType.CANCEL_TIMER,
  requestCancelChildWorkflow: CommandType.REQUEST_CANCEL_CHILD_WORKFLOW,
};

function command(commandData: Wanted): WorkflowCommand {
  const commandType = typeOf[commandData.$case as CommandData["$case"]];
  return WorkflowCommand.fromPartial({ commandType, commandData });
}
