import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findOrganizationBySlug } from "@flovyn/db";
import { DomainError } from "@flovyn/domain";
import { ResolveOrgRequest, ResolveOrgResponse } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";

/** The id of the organisation with a slug. Errors: NotFound. */
export async function resolveOrg(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { slug } = decodeMessage(ResolveOrgRequest, request.payload);
  const orgId = await findOrganizationBySlug(context.db, slug);
  if (orgId === undefined) throw new DomainError("NotFound", "there is no such organization");
  return ResolveOrgResponse.encode({ orgId }).finish();
}
