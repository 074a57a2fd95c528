import type { ActionName } from "@flovyn/authz";
import { GetTaskRequest, GetWorkflowRequest, TaskView, WorkflowView } from "@flovyn/proto/internal";
import type { Context } from "hono";
import { parseStreamTypes } from "../../live/live-event.js";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { readExecution } from "../query.js";
import { respondStream } from "../respond-stream.js";
import type { RouteSteps, RouteTable, SecuredRoute } from "../route-table.js";
import { executionParams, type OrgBase, problemResponses, security } from "./route-docs.js";
import { eventStream, streamQuery } from "./stream-schemas.js";

/** Live streams over server-sent events: of a workflow, of a workflow with its children, of a task. */
export function addStreamRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.addAbout(
    describe({
      path: `${base.path}/workflow-executions/{id}/stream`,
      operationId: `streamWorkflow${base.suffix}`,
      action: "streamWorkflowExecution",
      summary: "Watch a workflow execution: what happens to it and what its tasks stream",
    }),
    watch((context, asked) => streamWorkflow(http, context, { ...asked, children: false })),
  );
  table.addAbout(
    describe({
      path: `${base.path}/workflow-executions/{id}/stream/consolidated`,
      operationId: `streamWorkflowConsolidated${base.suffix}`,
      action: "streamWorkflowExecution",
      summary: "Watch a workflow execution together with its children, each event with the execution it is about",
    }),
    watch((context, asked) => streamWorkflow(http, context, { ...asked, children: true })),
  );
  table.addAbout(
    describe({
      path: `${base.path}/task-executions/{id}/stream`,
      operationId: `streamTask${base.suffix}`,
      action: "streamTaskExecution",
      summary: "Watch a task execution: what happens to it and what it streams",
    }),
    watch((context, asked) => streamTask(http, context, asked)),
  );
}

interface AskedStream {
  id: string;
  types: ReturnType<typeof parseStreamTypes>;
}

function watch(run: RouteSteps<AskedStream>["run"]): RouteSteps<AskedStream> {
  const read = (context: Context<HttpEnv>) => {
    const types = parseStreamTypes(context.req.query("types") ?? "");
    return { ...readExecution(context), types };
  };
  return { about: { id: "id" }, read, run };
}

interface Described {
  path: string;
  operationId: string;
  action: ActionName;
  summary: string;
}

function describe(route: Described): SecuredRoute & Described {
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

async function streamWorkflow(
  http: HttpContext,
  context: Context<HttpEnv>,
  { id, types, children }: AskedStream & { children: boolean },
): Promise<Response> {
  const view = await callService(http, context, {
    service: "dispatch",
    operation: "internal/GetWorkflow",
    payload: GetWorkflowRequest.encode({ id }).finish(),
    answer: WorkflowView,
  });
  const { orgId } = context.get("caller");
  return respondStream(http, context, { orgId, executionId: view.id, streamId: view.id, children, types });
}

async function streamTask(http: HttpContext, context: Context<HttpEnv>, { id, types }: AskedStream): Promise<Response> {
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
