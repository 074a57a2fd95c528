import { GetPromiseRequest, PromiseView, SettlePromiseRequest, SettlePromiseResponse } from "@flovyn/proto/internal";
import type { Context } from "hono";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { type JsonField, jsonObject, jsonPayload } from "../json-text.js";
import { promiseRefText, readPromiseRef } from "../promise-ref.js";
import { readReject, readResolve, readTokenTtl } from "../promise-requests.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { optionalTime, timeText } from "../views.js";
import * as schemas from "./promise-schemas.js";
import { jsonContent, type OrgBase, problemResponses, promiseSecurity, security } from "./route-docs.js";

const tags = ["Promises"];

/** Promises of workflows: settle from outside, show, make a token that settles one. */
export function addPromiseRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  const path = `${base.path}/promises/{promise}`;
  const { promiseParams: params } = schemas;
  table.addAbout(
    {
      method: "get",
      path,
      operationId: `getPromise${base.suffix}`,
      action: "viewPromise",
      summary: "Show a promise",
      tags,
      security,
      request: { params },
      responses: {
        200: { description: "The promise.", content: jsonContent(schemas.promiseView) },
        ...problemResponses(400, 401, 404, 503),
      },
    },
    { about: { id: "promise" }, read: readPromise, run: (context, asked) => getPromise(http, context, asked) },
  );
  table.addAbout(
    {
      method: "post",
      path: `${path}/resolve`,
      operationId: `resolvePromise${base.suffix}`,
      action: "resolvePromise",
      summary: "Resolve an open promise and wake its workflow",
      tags,
      security: promiseSecurity,
      request: { params, body: { required: false, content: jsonContent(schemas.resolveBody) } },
      responses: {
        200: { description: "It is settled, now or before.", content: jsonContent(schemas.resolvedPromise) },
        ...problemResponses(400, 401, 404, 413, 503),
      },
    },
    {
      about: { id: "promise" },
      read: (context) => readResolve(context.req.raw, readPromise(context).promise),
      run: (context, request) => resolvePromise(http, context, request),
    },
  );
  table.addAbout(
    {
      method: "post",
      path: `${path}/reject`,
      operationId: `rejectPromise${base.suffix}`,
      action: "rejectPromise",
      summary: "Reject an open promise and wake its workflow",
      tags,
      security: promiseSecurity,
      request: { params, body: { required: true, content: jsonContent(schemas.rejectBody) } },
      responses: {
        200: { description: "It is settled, now or before.", content: jsonContent(schemas.rejectedPromise) },
        ...problemResponses(400, 401, 404, 413, 503),
      },
    },
    {
      about: { id: "promise" },
      read: (context) => readReject(context.req.raw, readPromise(context).promise),
      run: (context, request) => rejectPromise(http, context, request),
    },
  );
  table.addAbout(
    {
      method: "post",
      path: `${path}/token`,
      operationId: `createPromiseToken${base.suffix}`,
      action: "createPromiseToken",
      summary: "Make a token that settles this promise and allows nothing else",
      description: "409 when `auth.promise_token.secrets` is not configured.",
      tags,
      security,
      request: { params, body: { required: false, content: jsonContent(schemas.promiseTokenBody) } },
      responses: {
        201: { description: "Made.", content: jsonContent(schemas.promiseToken) },
        ...problemResponses(400, 401, 404, 409, 413, 503),
      },
    },
    {
      about: { id: "promise" },
      read: async (context) => ({ ...readPromise(context), ttlSeconds: await readTokenTtl(context.req.raw) }),
      run: (context, asked) => createToken(http, context, asked),
    },
  );
}

async function getPromise(http: HttpContext, context: Context<HttpEnv>, request: GetPromiseRequest): Promise<Response> {
  const view = await findPromise(http, context, request);
  return respondJson(
    context,
    jsonObject([
      ["id", view.id],
      ["orgId", view.orgId],
      ["workflowExecutionId", view.workflowExecutionId],
      ["name", view.name],
      ["status", view.status],
      ["value", jsonPayload(view.value)],
      ["error", view.error ?? null],
      ["createdAt", timeText(view.createdAtMs)],
      ["timeoutAt", optionalTime(view.timeoutAtMs)],
      ["settledAt", optionalTime(view.settledAtMs)],
    ]),
  );
}

async function resolvePromise(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: SettlePromiseRequest,
): Promise<Response> {
  const answer = await settle(http, context, request);
  return respondJson(context, jsonObject(settlement(answer)));
}

async function rejectPromise(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: SettlePromiseRequest,
): Promise<Response> {
  const answer = await settle(http, context, request);
  return respondJson(context, jsonObject([...settlement(answer), ["rejected", answer.settled]]));
}

async function createToken(
  http: HttpContext,
  context: Context<HttpEnv>,
  { ttlSeconds, promise }: GetPromiseRequest & { ttlSeconds: number },
): Promise<Response> {
  const { id: promiseId } = await findPromise(http, context, { promise });
  const { token, expiresAtMs } = http.promiseTokens.sign({ orgId: context.get("caller").orgId, promiseId }, ttlSeconds);
  context.header("cache-control", "no-store");
  return respondJson(
    context,
    jsonObject([
      ["token", token],
      ["promiseId", promiseId],
      ["expiresAt", timeText(expiresAtMs)],
    ]),
    201,
  );
}

function readPromise(context: Context<HttpEnv>): GetPromiseRequest {
  return { promise: promiseRefText(readPromiseRef(context.req.param("promise"))) };
}

function findPromise(http: HttpContext, context: Context<HttpEnv>, request: GetPromiseRequest): Promise<PromiseView> {
  return callService(http, context, {
    service: "promises",
    operation: "internal/GetPromise",
    payload: GetPromiseRequest.encode(request).finish(),
    answer: PromiseView,
  });
}

function settle(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: SettlePromiseRequest,
): Promise<SettlePromiseResponse> {
  return callService(http, context, {
    service: "promises",
    operation: "internal/SettlePromise",
    payload: SettlePromiseRequest.encode(request).finish(),
    answer: SettlePromiseResponse,
  });
}

/** The names are those of the contract, for both ways to settle. */
function settlement({ promiseId, settled, status }: SettlePromiseResponse): JsonField[] {
  return [
    ["resolved", settled],
    ["alreadyResolved", !settled],
    ["promiseId", promiseId],
    ["status", status],
  ];
}
