import type { ActionName, Attribute, ResourceFacts } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { PolicyWatch } from "./policy-watch.js";

/** Lets a caller do something to a resource of an org, or throws. Errors: Forbidden. */
export interface Authorize {
  (caller: Caller, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): void;
  /** What the policies of the moment look at beside caller and org. */
  readonly attributes: ReadonlySet<Attribute>;
}

/** The check of both doors. Who is refused learns what was refused, and nothing of the policies. */
export function createAuthorize(policies: PolicyWatch): Authorize {
  const authorize = (caller: Caller, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): void => {
    if (policies.current.authorize(caller, action, resource).allowed) return;
    throw new DomainError("Forbidden", `the key does not allow ${action}`, { reason: "NOT_ALLOWED" });
  };
  return Object.defineProperty(authorize, "attributes", { get: () => policies.current.attributes }) as Authorize;
}
