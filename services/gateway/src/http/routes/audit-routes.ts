import { ListAuditRequest, ListAuditResponse } from "@flovyn/proto/internal";
import type { Context } from "hono";
import { callService } from "../bus-call.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { auditEntryJson, pageJson } from "../org-views.js";
import { readAuditQuery } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import * as schemas from "./org-schemas.js";
import { jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";

/** The audit log of an org. */
export function addAuditRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.add(
    {
      method: "get",
      path: `${base.path}/audit`,
      operationId: `listAudit${base.suffix}`,
      action: "viewAuditLog",
      summary: "Who did what to which object, with which outcome, from where; denied attempts included",
      tags: ["Audit"],
      security,
      request: { params: orgParams, query: schemas.auditQuery },
      responses: {
        200: { description: "A page, newest first.", content: jsonContent(schemas.auditPage) },
        ...problemResponses(400, 401, 403, 404, 503),
      },
    },
    (context) => listAudit(http, context),
  );
}

/** Entries of no org: attempts of callers that nobody knows, and what operators do to the cluster. */
export function addClusterAuditRoute(table: RouteTable, http: HttpContext): void {
  table.add(
    {
      method: "get",
      path: "/api/audit",
      operationId: "listClusterAudit",
      action: "viewAuditLog",
      summary: "The same of what belongs to no org, for operators; others see that of their org",
      tags: ["Audit"],
      security,
      request: { query: schemas.auditQuery },
      responses: {
        200: { description: "A page, newest first.", content: jsonContent(schemas.auditPage) },
        ...problemResponses(400, 401, 403, 503),
      },
    },
    (context) => listAudit(http, context),
  );
}

async function listAudit(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const { entries, nextCursor } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ListAudit",
    payload: ListAuditRequest.encode(readAuditQuery(context.req.query())).finish(),
    answer: ListAuditResponse,
  });
  return respondJson(context, pageJson("entries", entries.map(auditEntryJson), nextCursor));
}
