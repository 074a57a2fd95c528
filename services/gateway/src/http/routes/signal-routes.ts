import { formatExecutionId, partitionOf } from "@flovyn/domain";
import {
  SignalWithStartWorkflowRequest,
  SignalWithStartWorkflowResponse,
  SignalWorkflowRequest,
  SignalWorkflowResponse,
} from "@flovyn/proto/v1";
import type { Context } from "hono";
import { factNames } from "../../authorization/request-facts.js";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { type JsonField, jsonObject } from "../json-text.js";
import { readExecution } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { readSignal, readSignalWithStart } from "../signal-requests.js";
import { workflowLinks } from "../views.js";
import { executionParams, jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";
import * as schemas from "./signal-schemas.js";

const tags = ["Signals"];

/** Signals of workflow executions: to one, or to the one that a key names, started if need be. */
export function addSignalRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/workflow-executions/signal-with-start`,
      operationId: `signalWithStart${base.suffix}`,
      action: "signalWithStartWorkflow",
      summary: "Signal the live execution of a workflow id, or start one and signal it",
      tags,
      security,
      request: { params: orgParams, body: { required: true, content: jsonContent(schemas.signalWithStartBody) } },
      responses: {
        201: { description: "Started and signaled.", content: jsonContent(schemas.signaledWithStart) },
        200: { description: "It lived already; signaled.", content: jsonContent(schemas.signaledWithStart) },
        ...problemResponses(400, 401, 404, 409, 413, 429, 503),
      },
    },
    {
      about: factNames.start,
      read: async (context) => readSignalWithStart(await readBody(context.req.raw), context.get("caller").orgId),
      run: (context, request) => signalWithStart(http, context, base, request),
    },
  );
  table.addAbout(
    {
      method: "post",
      path: `${base.path}/workflow-executions/{id}/signal`,
      operationId: `signalWorkflow${base.suffix}`,
      action: "signalWorkflow",
      summary: "Append a signal to a live execution and wake it",
      tags,
      security,
      request: { params: executionParams, body: { required: true, content: jsonContent(schemas.signalBody) } },
      responses: {
        200: { description: "Received.", content: jsonContent(schemas.signaled) },
        ...problemResponses(400, 401, 404, 409, 413, 429, 503),
      },
    },
    {
      about: factNames.workflow,
      read: async (context) => {
        const { id: workflowExecutionId } = readExecution(context);
        const { orgId } = context.get("caller");
        return readSignal(await readBody(context.req.raw), { orgId, workflowExecutionId });
      },
      run: (context, request) => signalWorkflow(http, context, request),
    },
  );
}

async function signalWorkflow(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: SignalWorkflowRequest,
): Promise<Response> {
  const answer = await callService(http, context, {
    service: "dispatch",
    operation: "flovyn.v1.WorkflowDispatch/SignalWorkflow",
    payload: SignalWorkflowRequest.encode(request).finish(),
    answer: SignalWorkflowResponse,
  });
  return respondJson(context, jsonObject([["signaled", true], ...signalOutcome(answer)]));
}

async function signalWithStart(
  http: HttpContext,
  context: Context<HttpEnv>,
  base: OrgBase,
  request: SignalWithStartWorkflowRequest,
): Promise<Response> {
  const answer = await callService(http, context, {
    service: "dispatch",
    operation: "flovyn.v1.WorkflowDispatch/SignalWithStartWorkflow",
    payload: SignalWithStartWorkflowRequest.encode(request).finish(),
    answer: SignalWithStartWorkflowResponse,
  });
  const { workflowExecutionId: id, workflowCreated } = answer;
  // Computed rather than asked for: a second call that fails would make the caller signal again. What a key finds is a
  // root with an id of the server's, whose partition follows from it.
  const partition = partitionOf(id);
  const text = jsonObject([
    ["workflowExecutionId", id],
    ["executionId", formatExecutionId(id, partition)],
    ["partition", partition],
    ["links", workflowLinks(base, context.req.param("slug") ?? "", id)],
    ["workflowCreated", workflowCreated],
    ...signalOutcome(answer),
  ]);
  return respondJson(context, text, workflowCreated ? 201 : 200);
}

function signalOutcome({ signalEventSequence, duplicate, woke }: SignalWorkflowResponse): JsonField[] {
  return [
    ["signalEventSequence", signalEventSequence],
    ["duplicate", duplicate],
    ["woke", woke],
  ];
}
