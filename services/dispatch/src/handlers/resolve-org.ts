import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findOrganization } from "@flovyn/db";
import { DomainError, isUuid } from "@flovyn/domain";
import { ResolveOrgRequest, ResolveOrgResponse } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";
import { toOrgView } from "./manage-orgs.js";

/** The organisation with a slug or an id. Errors: NotFound. */
export async function resolveOrg(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { slug, id } = decodeMessage(ResolveOrgRequest, request.payload);
  const org = isUuid(id) || id === "" ? await findOrganization(context.db, id === "" ? { slug } : { id }) : undefined;
  if (org === undefined) throw new DomainError("NotFound", "there is no such organization");
  return ResolveOrgResponse.encode({ orgId: org.id, org: toOrgView(org) }).finish();
}
