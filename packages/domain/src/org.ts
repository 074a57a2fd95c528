import { DomainError } from "./errors.js";
import { parseUuid } from "./ids.js";

/**
 * Checks the org that a request repeats against the org of the credential. Empty means the org of the credential.
 * Errors: InvalidInput when it is not a UUID, Forbidden when it is another org.
 */
export function checkOrg(orgId: string, callerOrgId: string): void {
  if (orgId === "" || orgId === callerOrgId) return;
  if (parseUuid(orgId, "org_id") !== callerOrgId) {
    throw new DomainError("Forbidden", "org_id: the credential belongs to another organization", { field: "org_id" });
  }
}
