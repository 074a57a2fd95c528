import type { Caller } from "@flovyn/bus";
import { DomainError, invalidField } from "@flovyn/domain";

/** Refuses a request for another org than the caller's. Errors: InvalidInput, Forbidden. */
export function checkOrg(orgId: string, caller: Caller): void {
  if (orgId === caller.orgId) return;
  if (orgId === "") throw invalidField("org_id", "is required");
  if (orgId.toLowerCase() !== caller.orgId) {
    throw new DomainError("Forbidden", "org_id: the key is of another org", { field: "org_id" });
  }
}
