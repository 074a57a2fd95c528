import { DomainError } from "@flovyn/domain";
import { CancelWorkflowRequest, CancelWorkflowResponse } from "@flovyn/proto/ext";
import {
  CancelTaskExecutionRequest,
  CancelTaskExecutionResponse,
  GetTaskRequest,
  TaskView,
} from "@flovyn/proto/internal";
import type { Context } from "hono";
import { callService } from "./bus-call.js";
import type { CancelOrder } from "./cancel-requests.js";
import type { HttpContext, HttpEnv } from "./http-context.js";

/** Ends a live workflow. Errors: those of dispatch, as NotFound. */
export function cancelWorkflow(
  http: HttpContext,
  context: Context<HttpEnv>,
  workflowExecutionId: string,
  order: CancelOrder,
): Promise<CancelWorkflowResponse> {
  return callService(http, context, {
    service: "dispatch",
    operation: "flovyn.ext.v1.WorkflowClient/CancelWorkflow",
    payload: CancelWorkflowRequest.encode({ workflowExecutionId, ...order }).finish(),
    answer: CancelWorkflowResponse,
  });
}

/** Ends a live task, whoever owns it. Errors: those of tasks, as NotFound. */
export function cancelTask(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: CancelTaskExecutionRequest,
): Promise<CancelTaskExecutionResponse> {
  return callService(http, context, {
    service: "tasks",
    operation: "internal/CancelTask",
    payload: CancelTaskExecutionRequest.encode(request).finish(),
    answer: CancelTaskExecutionResponse,
  });
}

export interface PendingCancel {
  /** Status after the call. */
  status: string;
  /** Why the task could not be cancelled, when tasks says so. */
  refusal?: DomainError;
}

/** Ends a standalone task that no worker has. Errors: those of tasks, as NotFound. */
export async function cancelPendingTask(
  http: HttpContext,
  context: Context<HttpEnv>,
  id: string,
  reason: string,
): Promise<PendingCancel> {
  try {
    return await cancelTask(http, context, { id, reason, onlyPending: true });
  } catch (error) {
    if (!(error instanceof DomainError && error.code === "WrongState")) throw error;
    const { status } = await callService(http, context, {
      service: "tasks",
      operation: "internal/GetTask",
      payload: GetTaskRequest.encode({ id }).finish(),
      answer: TaskView,
    });
    return { status, refusal: error };
  }
}
