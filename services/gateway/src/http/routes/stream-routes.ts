import type { ActionName } from "@flovyn/authz";
import { GetTaskRequest, GetWorkflowRequest, TaskView, WorkflowView } from "@flovyn/proto/internal";
import type { Context } from "hono";
import { parseStreamTypes } from "../../live/live-event.js";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { readExecutionId } from "../query.js";
import { respondStream } from "../respond-stream.js";
import type { RouteTable, SecuredRoute } from "../route-table.js";
import { executionParams, type OrgBase, problemResponses, security } from "./route-docs.js";
import { eventStream, streamQuery } from "./stream-schemas.js";

/** Live streams over server-sent events: of a workflow, of a workflow with its children, of a task. */
export function addStreamRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.add(
    describe({
      path: `${base.path}/workflow-executions/{id}/stream`,
      operationId: `streamWorkflow${base.suffix}`,
      action: "streamWorkflowExecution",
      summary: "Watch a workflow execution: what happens to it and what its tasks stream",
    }),
    (context) => streamWorkflow(http, context, false),
  );
  table.add(
    describe({
      path: `${base.path}/workflow-executions/{id}/stream/consolidated`,
      operationId: `streamWorkflowConsolidated${base.suffix}`,
      action: "streamWorkflowExecution",
      summary: "Watch a workflow execution together with its children, each event with the execution it is about",
    }),
    (context) => streamWorkflow(http, context, true),
  );
  table.add(
    describe({
      path: `${base.path}/task-executions/{id}/stream`,
      operationId: `streamTask${base.suffix}`,
      action: "streamTaskExecution",
      summary: "Watch a task execution: what happens to it and what it streams",
    }),
    (context) => streamTask(http, context),
  );
}

function describe(route: { path: string; operationId: string; action: ActionName; summary: string }): SecuredRoute {
  return {
    ...route,
    method: "get",
    tags: ["Streaming"],
    security,
    request: { params: executionParams, query: streamQuery },
    responses: {
      200: {
        description: "Events as they come, from now on; there is no replay of earlier ones.",
        content: { "text/event-stream": { schema: eventStream } },
      },
      ...problemResponses(400, 401, 404, 429, 503),
    },
  };
}

async function streamWorkflow(http: HttpContext, context: Context<HttpEnv>, children: boolean): Promise<Response> {
  const types = parseStreamTypes(context.req.queries("types") ?? []);
  const id = readExecutionId(context.req.param("id"));
  const view = await callService(http, context, {
    service: "dispatch",
    operation: "internal/GetWorkflow",
    payload: GetWorkflowRequest.encode({ id }).finish(),
    answer: WorkflowView,
  });
  const { orgId } = context.get("caller");
  return respondStream(http, context, { orgId, executionId: view.id, streamId: view.id, children, types });
}

async function streamTask(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const types = parseStreamTypes(context.req.queries("types") ?? []);
  const id = readExecutionId(context.req.param("id"));
  const view = await callService(http, context, {
    service: "tasks",
    operation: "internal/GetTask",
    payload: GetTaskRequest.encode({ id }).finish(),
    answer: TaskView,
  });
  const { orgId } = context.get("caller");
  // The chunks of a workflow's task go to the watchers of the workflow.
  const streamId = view.workflowExecutionId ?? view.id;
  const order = { orgId, executionId: view.id, streamId, taskId: view.id, children: false, types };
  return respondStream(http, context, order);
}
