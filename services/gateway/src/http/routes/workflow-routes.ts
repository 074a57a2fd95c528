import { formatExecutionId } from "@flovyn/domain";
import {
  GetWorkflowRequest,
  ListEventsRequest,
  ListEventsResponse,
  ListWorkflowsRequest,
  ListWorkflowsResponse,
  WorkflowView,
} from "@flovyn/proto/internal";
import { StartWorkflowRequest, StartWorkflowResponse } from "@flovyn/proto/v1";
import type { Context } from "hono";
import { factNames } from "../../authorization/request-facts.js";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { jsonArray, jsonObject } from "../json-text.js";
import { readExecution, readListEventsQuery, readListWorkflowsQuery } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { readStartWorkflow } from "../start-requests.js";
import { eventsJson, timeText, workflowJson, workflowLinks, workflowSummaryJson } from "../views.js";
import { executionParams, jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";
import * as schemas from "./schemas.js";

const tags = ["Workflows"];

/** Workflow executions: start, list, get, events. */
export function addWorkflowRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/workflow-executions`,
      operationId: `startWorkflow${base.suffix}`,
      action: "startWorkflow",
      summary: "Start a workflow, or find the one that holds the idempotency key",
      tags,
      security,
      request: { params: orgParams, body: { required: true, content: jsonContent(schemas.startWorkflowBody) } },
      responses: {
        201: { description: "Started.", content: jsonContent(schemas.startedWorkflow) },
        200: { description: "It existed already.", content: jsonContent(schemas.startedWorkflow) },
        ...problemResponses(400, 401, 404, 409, 413, 429, 503),
      },
    },
    {
      about: factNames.start,
      read: async (context) => readStartWorkflow(await readBody(context.req.raw), context.get("caller").orgId),
      run: (context, request) => startWorkflow(http, context, base, request),
    },
  );
  table.addAbout(
    {
      method: "get",
      path: `${base.path}/workflow-executions`,
      operationId: `listWorkflows${base.suffix}`,
      action: "listWorkflowExecutions",
      summary: "List workflow executions, newest first, without their payloads",
      tags,
      security,
      request: { params: orgParams, query: schemas.listWorkflowsQuery },
      responses: {
        200: { description: "One page.", content: jsonContent(schemas.workflowList) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    {
      about: { kind: "kind", queue: "queue" },
      read: (context) => readListWorkflowsQuery(context.req.query()),
      run: (context, request) => listWorkflows(http, context, request),
    },
  );
  table.addAbout(
    {
      method: "get",
      path: `${base.path}/workflow-executions/{id}`,
      operationId: `getWorkflow${base.suffix}`,
      action: "viewWorkflowExecution",
      summary: "Show a workflow execution",
      tags,
      security,
      request: { params: executionParams },
      responses: {
        200: { description: "The execution.", content: jsonContent(schemas.workflowView) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    {
      about: { id: "id" },
      read: readExecution,
      run: async (context, { id }) => respondJson(context, workflowJson(await findWorkflow(http, context, id))),
    },
  );
  table.addAbout(
    {
      method: "get",
      path: `${base.path}/workflow-executions/{id}/events`,
      operationId: `listWorkflowEvents${base.suffix}`,
      action: "viewWorkflowHistory",
      summary: "Show the history of a workflow execution",
      tags,
      security,
      request: { params: executionParams, query: schemas.listEventsQuery },
      responses: {
        200: { description: "Events in the order of their sequence.", content: jsonContent(schemas.eventList) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    {
      about: factNames.workflow,
      read: readListEvents,
      run: (context, request) => listEvents(http, context, request),
    },
  );
}

async function startWorkflow(
  http: HttpContext,
  context: Context<HttpEnv>,
  base: OrgBase,
  request: StartWorkflowRequest,
): Promise<Response> {
  const started = await callService(http, context, {
    service: "dispatch",
    operation: "flovyn.v1.WorkflowDispatch/StartWorkflow",
    payload: StartWorkflowRequest.encode(request).finish(),
    answer: StartWorkflowResponse,
  });
  const view = await findWorkflow(http, context, started.workflowExecutionId);
  const text = jsonObject([
    ["workflowExecutionId", view.id],
    ["executionId", formatExecutionId(view.id, view.partitionKey)],
    ["partition", view.partitionKey],
    ["status", view.status],
    ["kind", view.kind],
    ["createdAt", timeText(view.createdAtMs)],
    ["links", workflowLinks(base, context.req.param("slug") ?? "", view.id)],
    ["idempotencyKeyUsed", started.idempotencyKeyUsed],
    ["idempotencyKeyNew", started.idempotencyKeyNew],
  ]);
  const existed = started.idempotencyKeyUsed && !started.idempotencyKeyNew;
  return respondJson(context, text, existed ? 200 : 201);
}

async function listWorkflows(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: ListWorkflowsRequest,
): Promise<Response> {
  const page = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ListWorkflows",
    payload: ListWorkflowsRequest.encode(request).finish(),
    answer: ListWorkflowsResponse,
  });
  return respondJson(
    context,
    jsonObject([
      ["workflows", jsonArray(page.workflows.map(workflowSummaryJson))],
      ["total", page.total],
      ["limit", request.limit],
      ["offset", request.offset],
      ["nextCursor", page.nextCursor === "" ? null : page.nextCursor],
    ]),
  );
}

function readListEvents(context: Context<HttpEnv>): ListEventsRequest {
  const { id: workflowExecutionId } = readExecution(context);
  return { workflowExecutionId, sinceSequence: readListEventsQuery(context.req.query()), limit: 0 };
}

async function listEvents(http: HttpContext, context: Context<HttpEnv>, request: ListEventsRequest): Promise<Response> {
  const { events } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ListEvents",
    payload: ListEventsRequest.encode(request).finish(),
    answer: ListEventsResponse,
  });
  return respondJson(context, eventsJson(events));
}

function findWorkflow(http: HttpContext, context: Context<HttpEnv>, id: string): Promise<WorkflowView> {
  return callService(http, context, {
    service: "dispatch",
    operation: "internal/GetWorkflow",
    payload: GetWorkflowRequest.encode({ id }).finish(),
    answer: WorkflowView,
  });
}
