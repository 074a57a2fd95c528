import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { checkPayload, cutText, durationMsMax, errorTextMax, parseInteger, parseUuid } from "@flovyn/domain";
import { CompleteTaskRequest, FailTaskRequest } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";

const empty = new Uint8Array(0);

/**
 * Ends a task with its output and wakes the workflow that awaits it. Late reports change nothing.
 * Errors: InvalidInput, PayloadTooLarge, NotFound, WrongState, StaleClaim. Source: CompleteTask.
 */
export async function completeTaskExecution(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(CompleteTaskRequest, request.payload);
  const claimEpoch = message.claimEpoch ?? request.claimEpoch;
  await batches.report.submit({
    outcome: "COMPLETED",
    taskId: parseUuid(message.taskExecutionId, "task_execution_id"),
    caller: request.caller,
    output: checkPayload(message.output, "output"),
    ...(claimEpoch === undefined ? {} : { claimEpoch }),
  });
  return empty;
}

/**
 * Ends an attempt with an error; the retry budget decides whether the task ends with it. Late reports change nothing.
 * Errors: InvalidInput, NotFound, WrongState, StaleClaim. Source: FailTask.
 */
export async function failTaskExecution(batches: Batches, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(FailTaskRequest, request.payload);
  const claimEpoch = message.claimEpoch ?? request.claimEpoch;
  const { retryAfterMs } = message;
  await batches.report.submit({
    outcome: "FAILED",
    taskId: parseUuid(message.taskExecutionId, "task_execution_id"),
    caller: request.caller,
    error: cutText(message.error, errorTextMax),
    retryable: message.retryable ?? true,
    ...(claimEpoch === undefined ? {} : { claimEpoch }),
    ...(retryAfterMs === undefined
      ? {}
      : { retryAfterMs: parseInteger(retryAfterMs, "retry_after_ms", 0, durationMsMax) }),
  });
  return empty;
}
