import { nameLengthMax, parseText } from "@flovyn/domain";
import { GetWorkflowStateRequest, GetWorkflowStateResponse } from "@flovyn/proto/internal";
import { QueryWorkflowRequest, QueryWorkflowResponse } from "@flovyn/proto/v1";
import type { Context } from "hono";
import { factNames } from "../../authorization/request-facts.js";
import { readBody, readPayload } from "../body.js";
import { callService } from "../bus-call.js";
import { checkFields } from "../fields.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { type JsonField, jsonObject, jsonPayload } from "../json-text.js";
import { readExecution } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import * as schemas from "./query-schemas.js";
import { executionParams, jsonContent, type OrgBase, problemResponses, security } from "./route-docs.js";

const tags = ["Workflows"];

/** What a workflow keeps in its state: all of it, or by a query. */
export function addQueryRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.addAbout(
    {
      method: "get",
      path: `${base.path}/workflow-executions/{id}/state`,
      operationId: `getWorkflowState${base.suffix}`,
      action: "viewWorkflowState",
      summary: "Show the state of a workflow execution",
      tags,
      security,
      request: { params: executionParams },
      responses: {
        200: { description: "Every key with its value.", content: jsonContent(schemas.workflowState) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    {
      about: factNames.workflow,
      read: (context) => ({ workflowExecutionId: readExecution(context).id }),
      run: (context, request) => getState(http, context, request),
    },
  );
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/workflow-executions/{id}/query`,
      operationId: `queryWorkflow${base.suffix}`,
      action: "queryWorkflow",
      summary: "Query a workflow execution, answered from its state",
      tags,
      security,
      request: { params: executionParams, body: { required: true, content: jsonContent(schemas.queryBody) } },
      responses: {
        200: { description: "The result, or why there is none.", content: jsonContent(schemas.queryAnswer) },
        ...problemResponses(400, 401, 404, 413, 503),
      },
    },
    { about: factNames.workflow, read: readQuery, run: (context, request) => queryWorkflow(http, context, request) },
  );
}

async function getState(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: GetWorkflowStateRequest,
): Promise<Response> {
  const { entries } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/GetWorkflowState",
    payload: GetWorkflowStateRequest.encode(request).finish(),
    answer: GetWorkflowStateResponse,
  });
  const state = jsonObject(entries.map(({ key, value }): JsonField => [key, jsonPayload(value)]));
  return respondJson(context, jsonObject([["state", state]]));
}

async function readQuery(context: Context<HttpEnv>): Promise<QueryWorkflowRequest> {
  const { id: workflowExecutionId } = readExecution(context);
  const body = await readBody(context.req.raw);
  const fields = checkFields(schemas.queryBody, body);
  return {
    workflowExecutionId,
    queryName: parseText(fields.queryName, "queryName", nameLengthMax),
    params: readPayload(body, "params", "null"),
  };
}

async function queryWorkflow(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: QueryWorkflowRequest,
): Promise<Response> {
  const { result, error } = await callService(http, context, {
    service: "dispatch",
    operation: "flovyn.v1.WorkflowQuery/QueryWorkflow",
    payload: QueryWorkflowRequest.encode(request).finish(),
    answer: QueryWorkflowResponse,
  });
  return respondJson(
    context,
    jsonObject([
      ["result", jsonPayload(result)],
      ["error", error ?? null],
    ]),
  );
}
