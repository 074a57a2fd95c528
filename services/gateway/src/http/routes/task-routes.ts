import { GetTaskRequest, TaskView } from "@flovyn/proto/internal";
import { SubmitTaskRequest, SubmitTaskResponse } from "@flovyn/proto/v1";
import type { Context } from "hono";
import { factNames } from "../../authorization/request-facts.js";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { readExecution } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { readSubmitTask } from "../start-requests.js";
import { keyMembers, taskJson } from "../views.js";
import { executionParams, jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";
import * as schemas from "./schemas.js";

const tags = ["Tasks"];

/** Task executions: submit, get. */
export function addTaskRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/task-executions`,
      operationId: `submitTask${base.suffix}`,
      action: "submitTask",
      summary: "Submit a standalone task, or find the one that holds the idempotency key",
      tags,
      security,
      request: { params: orgParams, body: { required: true, content: jsonContent(schemas.submitTaskBody) } },
      responses: {
        201: { description: "Submitted.", content: jsonContent(schemas.submittedTask) },
        200: { description: "It existed already.", content: jsonContent(schemas.submittedTask) },
        ...problemResponses(400, 401, 404, 409, 413, 429, 503),
      },
    },
    {
      about: factNames.submitTask,
      read: async (context) => readSubmitTask(await readBody(context.req.raw), context.get("caller").orgId),
      run: (context, request) => submitTask(http, context, request),
    },
  );
  table.addAbout(
    {
      method: "get",
      path: `${base.path}/task-executions/{id}`,
      operationId: `getTask${base.suffix}`,
      action: "viewTaskExecution",
      summary: "Show a task execution",
      tags,
      security,
      request: { params: executionParams },
      responses: {
        200: { description: "The execution.", content: jsonContent(schemas.taskView) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    {
      about: { id: "id" },
      read: readExecution,
      run: async (context, { id }) => respondJson(context, taskJson(await findTask(http, context, id))),
    },
  );
}

async function submitTask(http: HttpContext, context: Context<HttpEnv>, request: SubmitTaskRequest): Promise<Response> {
  const submitted = await callService(http, context, {
    service: "tasks",
    operation: "flovyn.v1.TaskExecution/SubmitTask",
    payload: SubmitTaskRequest.encode(request).finish(),
    answer: SubmitTaskResponse,
  });
  const view = await findTask(http, context, submitted.taskExecutionId);
  const { idempotencyKeyUsed, idempotencyKeyNew } = submitted;
  const text = taskJson(view, keyMembers(submitted));
  return respondJson(context, text, idempotencyKeyUsed && !idempotencyKeyNew ? 200 : 201);
}

function findTask(http: HttpContext, context: Context<HttpEnv>, id: string): Promise<TaskView> {
  return callService(http, context, {
    service: "tasks",
    operation: "internal/GetTask",
    payload: GetTaskRequest.encode({ id }).finish(),
    answer: TaskView,
  });
}
