import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { insertOrganization, listOrganizations, type OrganizationRow } from "@flovyn/db";
import { DomainError, invalidField, isUuid, newId, parseInteger, parseName, parseText } from "@flovyn/domain";
import { CreateOrgRequest, ListOrgsRequest, ListOrgsResponse, OrgView } from "@flovyn/proto/internal";
import type { DispatchContext } from "../context.js";
import { formatPlaceCursor, parsePlaceCursor } from "./cursor.js";
import { parseQuotas } from "./org-quotas.js";

const slugLengthMax = 100;
const slugForm = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const tierLengthMax = 50;
const regionLengthMax = 50;
const pageLimitMax = 100;

/** Creates an organisation. Errors: InvalidInput naming the field, AlreadyExists when the slug is taken. */
export async function createOrg(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const { name, slug, tier, region, quotas } = decodeMessage(CreateOrgRequest, request.payload);
  const org = await insertOrganization(context.db, {
    id: newId(),
    name: parseName(name, "name"),
    slug: parseSlug(slug),
    tier: parseText(tier === "" ? "FREE" : tier, "tier", tierLengthMax),
    region: region === undefined || region === "" ? null : parseText(region, "region", regionLengthMax),
    quotas: JSON.stringify(parseQuotas(quotas)),
    now: context.clock.now(),
  });
  if (org === undefined) {
    throw new DomainError("AlreadyExists", `slug: ${slug} is the slug of another organization`, { field: "slug" });
  }
  return OrgView.encode(toOrgView(org)).finish();
}

/** A page of organisations, oldest first. Errors: InvalidInput. */
export async function listOrgs(context: DispatchContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(ListOrgsRequest, request.payload);
  const limit = parseInteger(message.limit, "limit", 1, pageLimitMax);
  const after = parsePlaceCursor(message.cursor);
  const orgs = await listOrganizations(context.db, { after, limit: limit + 1 });
  const page = orgs.slice(0, limit);
  return ListOrgsResponse.encode({ orgs: page.map(toOrgView), nextCursor: formatPlaceCursor(orgs, page) }).finish();
}

function parseSlug(text: string): string {
  parseText(text, "slug", slugLengthMax);
  if (!slugForm.test(text)) throw invalidField("slug", "must be lower-case words joined by hyphens");
  // Where either may stand, an id would be taken for a slug.
  if (isUuid(text)) throw invalidField("slug", "must not be a UUID");
  return text;
}

export function toOrgView(org: OrganizationRow): OrgView {
  return { ...org, region: org.region ?? undefined };
}
