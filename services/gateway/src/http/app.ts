import { DomainError, newId } from "@flovyn/domain";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Hono, MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { readCredentials } from "./credentials.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { problemResponse } from "./problem.js";
import { admitPromiseToken, promiseTokenPaths } from "./promise-token-door.js";
import { RouteTable, routerPath } from "./route-table.js";
import { addCancelRoutes } from "./routes/cancel-routes.js";
import { addDocsRoutes } from "./routes/docs-routes.js";
import { describeOpsRoutes } from "./routes/ops-routes.js";
import { addPromiseRoutes } from "./routes/promise-routes.js";
import { addQueryRoutes } from "./routes/query-routes.js";
import { orgBases } from "./routes/route-docs.js";
import { addSignalRoutes } from "./routes/signal-routes.js";
import { addStreamRoutes } from "./routes/stream-routes.js";
import { addTaskRoutes } from "./routes/task-routes.js";
import { addWorkflowRoutes } from "./routes/workflow-routes.js";

const requestIdForm = /^[A-Za-z0-9._-]{1,128}$/;

/** The HTTP door: REST below /api, health and metrics of this process beside it. */
export function createHttpApp(http: HttpContext, ops: Hono): OpenAPIHono<HttpEnv> {
  const app = new OpenAPIHono<HttpEnv>();
  app.use(identifyAndCount(http));
  app.onError((error, context) => problemResponse(context, error, http.log));
  app.notFound((context) =>
    problemResponse(
      context,
      new DomainError("NotFound", `no route ${context.req.method} ${context.req.path}`),
      http.log,
    ),
  );

  const table = new RouteTable(app);
  describeOpsRoutes(table);
  addDocsRoutes(table, app, http);
  for (const base of orgBases) {
    for (const path of promiseTokenPaths) app.post(routerPath(base.path + path), admitPromiseToken(http));
    app.use(`${routerPath(base.path)}/*`, scopeToOrg(http));
    addWorkflowRoutes(table, http, base);
    addSignalRoutes(table, http, base);
    addQueryRoutes(table, http, base);
    addTaskRoutes(table, http, base);
    addStreamRoutes(table, http, base);
    addCancelRoutes(table, http, base);
    addPromiseRoutes(table, http, base);
  }
  app.route("/", ops);
  table.refuseOtherMethods();
  return app;
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
    const { method } = context.req;
    http.metrics.httpEnded({ route: routePath(context, -1), method, status: context.res.status }, startedMs);
  };
}

/** Checks the key, unless a promise token did, and that the slug is that of the caller's org. Other orgs look like orgs that do not exist. */
function scopeToOrg(http: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    // A promise token admitted it before, for this org.
    if (context.get("caller") !== undefined) return next();
    const caller = await http.authenticate(readCredentials(context));
    const slug = context.req.param("slug") ?? "";
    if ((await http.slugs.find(slug)) !== caller.orgId) {
      throw new DomainError("NotFound", "there is no such org", { field: "slug" });
    }
    context.set("caller", caller);
    await next();
  };
}
