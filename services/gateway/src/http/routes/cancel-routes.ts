import { DomainError, parseExecutionId } from "@flovyn/domain";
import type { Context } from "hono";
import { cancelPendingTask, cancelTask, cancelWorkflow } from "../cancel-calls.js";
import { type CancelOrder, readCancel, readCancelTask } from "../cancel-requests.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { jsonObject } from "../json-text.js";
import { problemResponse } from "../problem.js";
import { readExecution } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import * as schemas from "./cancel-schemas.js";
import { executionParams, jsonContent, type OrgBase, problemResponses, security } from "./route-docs.js";

/** Ending executions early: a workflow, a standalone task, or whichever of both has the id. */
export function addCancelRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  const body = { required: false, content: jsonContent(schemas.cancelBody) };
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/workflow-executions/{id}/cancel`,
      operationId: `cancelWorkflow${base.suffix}`,
      action: "cancelWorkflowExecution",
      summary: "Cancel a workflow execution with its open tasks and, unless told otherwise, its children",
      tags: ["Workflows"],
      security,
      request: { params: executionParams, body },
      responses: {
        200: { description: "It has ended, now or before.", content: jsonContent(schemas.cancelledWorkflow) },
        ...problemResponses(400, 401, 404, 413, 503),
      },
    },
    { about: { id: "id" }, read: readCancelOf, run: (context, asked) => cancelWorkflowRoute(http, context, asked) },
  );
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/executions/{id}/cancel`,
      operationId: `cancelExecution${base.suffix}`,
      action: "cancelExecution",
      summary: "Cancel a workflow or a task, also one that a worker runs",
      tags: ["Workflows", "Tasks"],
      security,
      request: { params: executionParams, body },
      responses: {
        200: { description: "It is cancelled, now or before.", content: jsonContent(schemas.cancelledExecution) },
        ...problemResponses(400, 401, 404, 409, 413, 503),
      },
    },
    { about: { id: "id" }, read: readCancelOf, run: (context, asked) => cancelExecution(http, context, asked) },
  );
  const reason = { body: { required: false, content: jsonContent(schemas.cancelTaskBody) } };
  for (const { method, path, name, more } of [
    { method: "post", path: "task-executions/{id}/cancel", name: "cancelTask", more: reason },
    // OpenAPI 3.0 knows no body of a DELETE.
    { method: "delete", path: "task-executions/{id}", name: "deleteTask", more: {} },
  ] as const) {
    table.addAbout(
      {
        method,
        path: `${base.path}/${path}`,
        operationId: `${name}${base.suffix}`,
        action: "cancelTaskExecution",
        summary: "Cancel a standalone task that no worker has yet",
        description: "400 with `currentState` when a worker has it, when it ended, or when it belongs to a workflow.",
        tags: ["Tasks"],
        security,
        request: { params: executionParams, ...more },
        responses: {
          204: { description: "It is cancelled, now or before." },
          ...problemResponses(400, 401, 404, 413, 503),
        },
      },
      { about: { id: "id" }, read: readCancelOfTask, run: (context, asked) => cancelTaskRoute(http, context, asked) },
    );
  }
}

interface AskedCancel extends CancelOrder {
  id: string;
}

async function readCancelOf(context: Context<HttpEnv>): Promise<AskedCancel> {
  return { ...readExecution(context), ...(await readCancel(context.req.raw)) };
}

async function readCancelOfTask(context: Context<HttpEnv>): Promise<Pick<AskedCancel, "id" | "reason">> {
  return { ...readExecution(context), ...(await readCancelTask(context.req.raw)) };
}

async function cancelWorkflowRoute(
  http: HttpContext,
  context: Context<HttpEnv>,
  { id, ...order }: AskedCancel,
): Promise<Response> {
  const answer = await cancelWorkflow(http, context, id, order);
  return respondJson(
    context,
    jsonObject([
      ["status", answer.cancelled ? "CANCELLED" : "ALREADY_TERMINAL"],
      ["cancelledChildren", answer.cancelledChildren],
    ]),
  );
}

interface CancelOutcome {
  cancelled: boolean;
  status: string;
  cancelledChildren: number;
}

async function cancelExecution(
  http: HttpContext,
  context: Context<HttpEnv>,
  { id, ...order }: AskedCancel,
): Promise<Response> {
  const { cancelled, status, cancelledChildren } = await cancelEither(http, context, id, order);
  if (!cancelled && status !== "CANCELLED") {
    const error = new DomainError("WrongState", `the execution is ${status} already`, { reason: "ALREADY_ENDED" });
    return problemResponse(context, error, http.log, { currentState: status });
  }
  return respondJson(
    context,
    jsonObject([
      ["id", parseExecutionId(id, "id").id],
      ["result", cancelled ? "cancelled" : "already_cancelled"],
      ["currentState", status],
      ["cancelledChildren", cancelledChildren],
    ]),
  );
}

/** The workflow with this id, else the task. Errors: NotFound when there is neither. */
async function cancelEither(
  http: HttpContext,
  context: Context<HttpEnv>,
  id: string,
  order: CancelOrder,
): Promise<CancelOutcome> {
  const workflow = await unlessMissing(cancelWorkflow(http, context, id, order));
  if (workflow !== undefined) return workflow;
  const task = await unlessMissing(cancelTask(http, context, { id, reason: order.reason, onlyPending: false }));
  if (task !== undefined) return { ...task, cancelledChildren: 0 };
  throw new DomainError("NotFound", "there is no such execution", { field: "id" });
}

async function unlessMissing<Answer>(answer: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DomainError && error.code === "NotFound") return undefined;
    throw error;
  }
}

async function cancelTaskRoute(
  http: HttpContext,
  context: Context<HttpEnv>,
  { id, reason }: Pick<AskedCancel, "id" | "reason">,
): Promise<Response> {
  const { status, refusal } = await cancelPendingTask(http, context, id, reason);
  if (status === "CANCELLED") return context.body(null, 204);
  const error = refusal ?? new DomainError("WrongState", `the task is ${status} already`, { reason: "ALREADY_ENDED" });
  return problemResponse(context, error, http.log, { status: 400, currentState: status });
}
