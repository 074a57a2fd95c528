import type { Caller } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import type { ServiceContext } from "@flovyn/runtime";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { auditedRequest } from "./audited-request.js";
import { authorizeRequest } from "./authorize-request.js";
import { readCredentials } from "./credentials.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { problemResponse } from "./problem.js";
import { admitPromiseToken, promiseTokenPaths } from "./promise-token-door.js";
import { refuseRepeatedHeaders } from "./refuse-repeated-headers.js";
import { limitAnswerTime, openAccount } from "./request-account.js";
import { type Guard, type RouteAccess, RouteTable, routerPath } from "./route-table.js";
import { addAuditRoutes, addClusterAuditRoute } from "./routes/audit-routes.js";
import { addCancelRoutes } from "./routes/cancel-routes.js";
import { addDocsRoutes } from "./routes/docs-routes.js";
import { addLimitsRoutes } from "./routes/limits-routes.js";
import { addOpsRoutes } from "./routes/ops-routes.js";
import { addOrgRoutes } from "./routes/org-routes.js";
import { addPromiseRoutes } from "./routes/promise-routes.js";
import { addQueryRoutes } from "./routes/query-routes.js";
import { orgBases } from "./routes/route-docs.js";
import { addSignalRoutes } from "./routes/signal-routes.js";
import { addStreamRoutes } from "./routes/stream-routes.js";
import { addTaskRoutes } from "./routes/task-routes.js";
import { addWorkerTokenRoutes } from "./routes/worker-token-routes.js";
import { addWorkflowRoutes } from "./routes/workflow-routes.js";
import { refuseForeignPages } from "./same-machine.js";
import { crossOrigin, securityHeaders } from "./security-headers.js";
import { checkUrlText } from "./url-text.js";

const requestIdForm = /^[A-Za-z0-9._-]{1,128}$/;

export interface HttpApp {
  fetch: OpenAPIHono<HttpEnv>["fetch"];
  /** Every route with what policies call it. */
  routes: readonly RouteAccess[];
}

/** What the gateway serves over HTTP: REST below /api, probes and figures of this process beside it. */
export function createHttpApp(http: HttpContext, ops: Pick<ServiceContext, "health" | "metrics">): HttpApp {
  const app = new OpenAPIHono<HttpEnv>();
  app.use(identifyAndCount(http));
  app.use(securityHeaders({ tls: http.tls }));
  if (http.allowedHosts !== undefined) {
    app.use(refuseForeignPages({ hosts: http.allowedHosts, origins: http.cors.origins }));
  }
  const allowed = crossOrigin(http.cors);
  if (allowed !== undefined) app.use(allowed);
  app.use(refuseRepeatedHeaders());
  app.use((context, next) => {
    checkUrlText(context.req.url);
    return next();
  });
  app.onError((error, context) => problemResponse(context, error, http.log));
  app.notFound((context) =>
    problemResponse(
      context,
      new DomainError("NotFound", `no route ${context.req.method} ${context.req.path}`),
      http.log,
    ),
  );

  const table = new RouteTable(app, guard(http));
  addOpsRoutes(table, ops);
  addDocsRoutes(table, app, http);
  addClusterAuditRoute(table, http);
  for (const base of orgBases) {
    for (const path of promiseTokenPaths) app.post(routerPath(base.path + path), admitPromiseToken(http));
    app.use(`${routerPath(base.path)}/*`, scopeToOrg(http));
    addOrgRoutes(table, http, base);
    addLimitsRoutes(table, http, base);
    addWorkerTokenRoutes(table, http, base);
    addAuditRoutes(table, http, base);
    addWorkflowRoutes(table, http, base);
    addSignalRoutes(table, http, base);
    addQueryRoutes(table, http, base);
    addTaskRoutes(table, http, base);
    addStreamRoutes(table, http, base);
    addCancelRoutes(table, http, base);
    addPromiseRoutes(table, http, base);
  }
  table.refuseOtherMethods();
  return { fetch: app.fetch, routes: table.actions };
}

/** Gives the request an id, the caller's own if it is fit for a log, and counts the answer under the route's pattern. */
function identifyAndCount(http: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const startedMs = performance.now();
    const given = context.req.header("x-request-id") ?? "";
    const requestId = requestIdForm.test(given) ? given : newId();
    context.set("requestId", requestId);
    await next();
    context.header("x-request-id", requestId);
    limitAnswerTime(context, http);
    audit(http, context);
    const { method } = context.req;
    http.metrics.httpEnded({ route: routePath(context, -1), method, status: context.res.status }, startedMs);
  };
}

/** Records the end of a request where it is to be recorded. */
function audit(http: HttpContext, context: Context<HttpEnv>): void {
  const [action, failure] = [context.get("action"), context.get("failure")];
  if (action === undefined && failure === undefined) return;
  const strayed = failure?.reason === noSuchOrg;
  const known = auditedRequest(context);
  const call = { ...known, resourceId: (strayed ? context.req.param("slug") : undefined) ?? known.resourceId };
  http.auditor.ended(call, failure);
  // Those who were to be looked at see the attempt, too; to whoever tried, a foreign org is a missing one here as well.
  const foreignOrgId = context.get("foreignOrgId");
  if (foreignOrgId !== undefined) {
    http.auditor.ended({ ...call, orgId: foreignOrgId }, { code: "Forbidden", reason: "FOREIGN_ORG" });
  }
}

const noSuchOrg = "NO_SUCH_ORG";

/**
 * Checks the key, unless a promise token did, and that the slug is that of the caller's org. Other orgs look like orgs that
 * do not exist. An operator, who has no org, acts in the one of the slug.
 */
function scopeToOrg(http: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    // A promise token admitted it before, for this org.
    if (context.get("caller") !== undefined) return next();
    const principal = await identify(http, context);
    const orgId = await http.slugs.find(context.req.param("slug") ?? "");
    if (orgId === "" || (principal.orgId !== "" && principal.orgId !== orgId)) {
      // An attempt either way, recorded the same: nobody learns from the own log which orgs there are.
      if (principal.orgId !== "") context.set("failure", { code: "Forbidden", reason: noSuchOrg });
      if (orgId !== "") context.set("foreignOrgId", orgId);
      throw new DomainError("NotFound", "there is no such org", { field: "slug" });
    }
    context.set("caller", principal.orgId === "" ? { ...principal, orgId } : principal);
    await next();
  };
}

async function identify(http: HttpContext, context: Context<HttpEnv>): Promise<Caller> {
  const principal = await http.authenticate(readCredentials(context));
  openAccount(context, principal, http);
  await new Promise<void>((handle) => http.handling.run(principal.orgId, { handle }));
  context.set("principal", principal);
  context.set("caller", principal);
  return principal;
}

/** Lets a caller do what policies allow. Errors: Unauthenticated, Forbidden. */
function guard(http: HttpContext): Guard {
  return async (context, action, facts) => {
    if (context.get("principal") === undefined) await identify(http, context);
    context.set("action", action);
    await authorizeRequest(http, context, action, facts);
  };
}
