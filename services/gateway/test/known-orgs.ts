import { DomainError } from "@flovyn/domain";
import { ResolveOrgRequest, ResolveOrgResponse } from "@flovyn/proto/internal";
import type { FakeServices } from "./fake-services.js";
import { org, otherOrg } from "./gateway-harness.js";

/** Dispatch knows the orgs of the harness. */
export function answerOrgs(services: FakeServices): void {
  services.answer("internal/ResolveOrg", ({ payload }) => {
    const { slug, id } = ResolveOrgRequest.decode(payload);
    const found = [org, otherOrg].find((each) => each.slug === slug || each.id === id);
    if (found === undefined) throw new DomainError("NotFound", "there is no such org");
    return ResolveOrgResponse.encode({ orgId: found.id, org: { ...found, quotas: "{}", createdAtMs: 0 } }).finish();
  });
}
