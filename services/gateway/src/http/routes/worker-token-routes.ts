import { DomainError, parseUuid } from "@flovyn/domain";
import {
  CreateWorkerTokenRequest,
  ListWorkerTokensRequest,
  ListWorkerTokensResponse,
  RevokeWorkerTokenRequest,
  WorkerTokenView,
} from "@flovyn/proto/internal";
import type { Context } from "hono";
import { hashWorkerToken, makeWorkerToken, workerTokenPrefixLength } from "../../auth/worker-token-text.js";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import { checkFields } from "../fields.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { createdTokenJson, pageJson, workerTokenJson } from "../org-views.js";
import { readPageQuery } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import * as schemas from "./org-schemas.js";
import { jsonContent, type OrgBase, orgParams, problemResponses, security, tokenParams } from "./route-docs.js";

const tags = ["Worker tokens"];

/** Credentials of workers: create, list, revoke. */
export function addWorkerTokenRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  // The second is the older name of the first.
  for (const { path, name } of [
    { path: "worker-tokens", name: "WorkerToken" },
    { path: "worker-token/tokens", name: "WorkerTokenOfPlugin" },
  ]) {
    table.add(
      {
        method: "post",
        path: `${base.path}/${path}`,
        operationId: `create${name}${base.suffix}`,
        action: "createWorkerToken",
        summary: "Make a token for workers; its text is in this answer and nowhere else",
        tags,
        security,
        request: { params: orgParams, body: { required: true, content: jsonContent(schemas.createWorkerTokenBody) } },
        responses: {
          201: { description: "Made.", content: jsonContent(schemas.createdWorkerToken) },
          ...problemResponses(400, 401, 403, 404, 409, 413, 429, 503),
        },
      },
      (context) => createWorkerToken(http, context),
    );
    table.add(
      {
        method: "get",
        path: `${base.path}/${path}`,
        operationId: `list${name}s${base.suffix}`,
        action: "listWorkerTokens",
        summary: "List the tokens of workers, without their text",
        tags,
        security,
        request: { params: orgParams, query: schemas.pageQuery },
        responses: {
          200: { description: "A page, newest first.", content: jsonContent(schemas.workerTokenPage) },
          ...problemResponses(400, 401, 403, 404, 503),
        },
      },
      (context) => listWorkerTokens(http, context),
    );
    table.addAbout(
      {
        method: "delete",
        path: `${base.path}/${path}/{id}`,
        operationId: `revoke${name}${base.suffix}`,
        action: "revokeWorkerToken",
        summary: "Revoke a token; it ends everywhere within 5 s, open calls included",
        tags,
        security,
        request: { params: tokenParams },
        responses: {
          204: { description: "It is revoked, now or before." },
          ...problemResponses(400, 401, 403, 404, 503),
        },
      },
      {
        about: { id: "id" },
        read: (context) => ({ id: parseUuid(context.req.param("id") ?? "", "id") }),
        run: (context, request) => revokeWorkerToken(http, context, request),
      },
    );
  }
}

async function createWorkerToken(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const body = checkFields(schemas.createWorkerTokenBody, await readBody(context.req.raw));
  const [secret] = http.workerTokenSecrets;
  if (secret === undefined) {
    throw new DomainError("WrongState", "worker tokens are off: auth.worker_token.secrets is not configured", {
      reason: "WORKER_TOKENS_OFF",
    });
  }
  const token = makeWorkerToken();
  const view = await callService(http, context, {
    service: "dispatch",
    operation: "internal/CreateWorkerToken",
    payload: CreateWorkerTokenRequest.encode({
      displayName: body.displayName,
      prefix: token.slice(0, workerTokenPrefixLength),
      hash: hashWorkerToken(secret.secret, token),
      secretId: secret.id,
      expiresInSeconds: body.expiresInSeconds ?? undefined,
    }).finish(),
    answer: WorkerTokenView,
  });
  context.set("madeId", view.id);
  const response = respondJson(context, createdTokenJson(view, token), 201);
  response.headers.set("cache-control", "no-store");
  return response;
}

async function listWorkerTokens(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const { tokens, nextCursor } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ListWorkerTokens",
    payload: ListWorkerTokensRequest.encode(readPageQuery(context.req.query())).finish(),
    answer: ListWorkerTokensResponse,
  });
  return respondJson(context, pageJson("tokens", tokens.map(workerTokenJson), nextCursor));
}

const nothing = { decode: () => undefined };

async function revokeWorkerToken(
  http: HttpContext,
  context: Context<HttpEnv>,
  request: RevokeWorkerTokenRequest,
): Promise<Response> {
  await callService(http, context, {
    service: "dispatch",
    operation: "internal/RevokeWorkerToken",
    payload: RevokeWorkerTokenRequest.encode(request).finish(),
    answer: nothing,
  });
  return context.body(null, 204);
}
