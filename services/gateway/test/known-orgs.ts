import { DomainError } from "@flovyn/domain";
import { ResolveOrgRequest, ResolveOrgResponse } from "@flovyn/proto/internal";
import type { FakeServices } from "./fake-services.js";
import { org, otherOrg } from "./gateway-harness.js";

/** Dispatch knows the orgs of the harness, and says so at once or after something has happened. */
export function answerOrgs(services: FakeServices, after?: Promise<void>): void {
  services.answer("internal/ResolveOrg", async ({ payload }) => {
    await after;
    const { slug, id } = ResolveOrgRequest.decode(payload);
    const found = [org, otherOrg].find((each) => each.slug === slug || each.id === id);
    if (found === undefined) throw new DomainError("NotFound", "there is no such org");
    return ResolveOrgResponse.encode({ orgId: found.id, org: { ...found, quotas: "{}", createdAtMs: 0 } }).finish();
  });
}
