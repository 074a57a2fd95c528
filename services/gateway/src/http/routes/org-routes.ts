import { DomainError } from "@flovyn/domain";
import {
  CreateOrgRequest,
  ListOrgsRequest,
  ListOrgsResponse,
  OrgView,
  ResolveOrgRequest,
  ResolveOrgResponse,
} from "@flovyn/proto/internal";
import type { Context } from "hono";
import { readBody } from "../body.js";
import { callService } from "../bus-call.js";
import { checkFields } from "../fields.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { orgJson, pageJson } from "../org-views.js";
import { readPageQuery } from "../query.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import * as schemas from "./org-schemas.js";
import { jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";

const tags = ["Organizations"];

/** Organizations: create, list, show. */
export function addOrgRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  const collection = base.path.replace("/{slug}", "");
  table.add(
    {
      method: "post",
      path: collection,
      operationId: `createOrg${base.suffix}`,
      action: "createOrg",
      summary: "Create an organization; operators may",
      tags,
      security,
      request: { body: { required: true, content: jsonContent(schemas.createOrgBody) } },
      responses: {
        201: { description: "Created.", content: jsonContent(schemas.orgView) },
        ...problemResponses(400, 401, 403, 409, 413, 503),
      },
    },
    (context) => createOrg(http, context),
  );
  table.add(
    {
      method: "get",
      path: collection,
      operationId: `listOrgs${base.suffix}`,
      action: "listOrgs",
      summary: "List organizations: all for an operator, the own one for others",
      tags,
      security,
      request: { query: schemas.pageQuery },
      responses: {
        200: { description: "A page, oldest first.", content: jsonContent(schemas.orgPage) },
        ...problemResponses(400, 401, 403, 503),
      },
    },
    (context) => listOrgs(http, context),
  );
  table.add(
    {
      method: "get",
      path: base.path,
      operationId: `getOrg${base.suffix}`,
      action: "viewOrg",
      summary: "Show an organization",
      tags,
      security,
      request: { params: orgParams },
      responses: {
        200: { description: "The organization.", content: jsonContent(schemas.orgView) },
        ...problemResponses(401, 403, 404, 503),
      },
    },
    async (context) => respondJson(context, orgJson(await findOrg(http, context))),
  );
}

async function createOrg(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const body = checkFields(schemas.createOrgBody, await readBody(context.req.raw));
  const org = await callService(http, context, {
    service: "dispatch",
    operation: "internal/CreateOrg",
    payload: CreateOrgRequest.encode({
      name: body.name,
      slug: body.slug,
      tier: body.tier ?? "",
      region: body.region ?? undefined,
      quotas: body.quotas == null ? "" : JSON.stringify(body.quotas),
    }).finish(),
    answer: OrgView,
  });
  context.set("madeId", org.id);
  return respondJson(context, orgJson(org), 201);
}

async function listOrgs(http: HttpContext, context: Context<HttpEnv>): Promise<Response> {
  const query = readPageQuery(context.req.query());
  if (context.get("principal").orgId !== "") {
    const orgs = query.cursor === "" ? [orgJson(await findOrg(http, context))] : [];
    return respondJson(context, pageJson("orgs", orgs, ""));
  }
  const { orgs, nextCursor } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ListOrgs",
    payload: ListOrgsRequest.encode(query).finish(),
    answer: ListOrgsResponse,
  });
  return respondJson(context, pageJson("orgs", orgs.map(orgJson), nextCursor));
}

/** The org that the request acts in. */
async function findOrg(http: HttpContext, context: Context<HttpEnv>): Promise<OrgView> {
  const { org } = await callService(http, context, {
    service: "dispatch",
    operation: "internal/ResolveOrg",
    payload: ResolveOrgRequest.encode({ id: context.get("caller").orgId, slug: "" }).finish(),
    answer: ResolveOrgResponse,
  });
  if (org === undefined) throw new DomainError("NotFound", "there is no such org", { field: "slug" });
  return org;
}
