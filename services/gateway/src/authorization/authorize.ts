import type { ActionName, Authorizer, ResourceFacts } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { PolicyWatch } from "./policy-watch.js";

/** Lets a caller do something to a resource of an org, or throws. Errors: Forbidden. */
export interface Authorize {
  (caller: Caller, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): void;
  /** What can be said before the request is read. */
  before(caller: Caller, action: ActionName, orgId: string): ReturnType<Authorizer["beforehand"]>;
  /**
   * Lets a caller through before the request is read. True when that was the whole decision; false when it depends on what the
   * request says. Errors: Forbidden, for a caller that is refused whatever it says.
   */
  beforehand(caller: Caller, action: ActionName, orgId: string): boolean;
}

/** The check of both listeners. A caller that is refused learns what was refused, and nothing of the policies. */
export function createAuthorize(policies: PolicyWatch): Authorize {
  const authorize = (caller: Caller, action: ActionName, resource: { orgId: string; facts?: ResourceFacts }): void => {
    if (!policies.current.authorize(caller, action, resource).allowed) throw notAllowed(action);
  };
  const before = (caller: Caller, action: ActionName, orgId: string) =>
    policies.current.beforehand(caller, action, orgId);
  const beforehand = (caller: Caller, action: ActionName, orgId: string): boolean => {
    const said = before(caller, action, orgId);
    if (said === "denied") throw notAllowed(action);
    return said === "allowed";
  };
  return Object.assign(authorize, { before, beforehand });
}

function notAllowed(action: ActionName): DomainError {
  return new DomainError("Forbidden", `the key does not allow ${action}`, { reason: "NOT_ALLOWED" });
}
