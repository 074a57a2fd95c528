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
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { factNames } from "../../authorization/request-facts.js";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import { eventPageJson, eventPagesStream } from "../event-pages.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { jsonArray, jsonObject } from "../json-text.js";
import { readExecution, readListEventsQuery, readListWorkflowsQuery } from "../query.js";
import { accountOf } from "../request-account.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { readStartWorkflow } from "../start-requests.js";
import { keyMembers, timeText, workflowJson, workflowLinks, workflowSummaryJson } from "../views.js";
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
      summary: "Show the history of a workflow execution, whole or in pages",
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
    ...keyMembers(started),
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

type AskedEvents = ReturnType<typeof readListEvents>;

function readListEvents(context: Context<HttpEnv>) {
  return { workflowExecutionId: readExecution(context).id, ...readListEventsQuery(context.req.query()) };
}

/** Clients that ask for no page look for the end of the history in the answer, so they get all of it, page by page. */
async function listEvents(
  http: HttpContext,
  context: Context<HttpEnv>,
  { workflowExecutionId, isPage, sinceSequence, limit, cursor }: AskedEvents,
): Promise<Response> {
  const read = (from: string) =>
    callService(http, context, {
      service: "dispatch",
      operation: "internal/ListEvents",
      payload: ListEventsRequest.encode({ workflowExecutionId, sinceSequence, limit, cursor: from }).finish(),
      answer: ListEventsResponse,
    });
  const first = await read(cursor);
  if (isPage || first.nextCursor === "") return respondJson(context, eventPageJson(first));
  const { incoming } = context.env as HttpBindings;
  const cut = (err: unknown) => {
    http.log.warn({ err, requestId: context.get("requestId") }, "a history was cut off while it was sent");
    incoming.socket.destroy();
  };
  // The library would wait for more of the body before it sends the head.
  const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
  const count = (bytes: number) => accountOf(context.req.raw)?.answer(bytes);
  return context.body(eventPagesStream({ first, next: read, count, cut }), 200, headers);
}

function findWorkflow(http: HttpContext, context: Context<HttpEnv>, id: string): Promise<WorkflowView> {
  return callService(http, context, {
    service: "dispatch",
    operation: "internal/GetWorkflow",
    payload: GetWorkflowRequest.encode({ id }).finish(),
    answer: WorkflowView,
  });
}
