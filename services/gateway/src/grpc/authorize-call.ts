import type { Caller } from "@flovyn/bus";
import { readCallFacts } from "./call-facts.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";

/**
 * Lets a caller make a call that policies allow. A request is read only where policies look at it; what did not depend on
 * it was decided when the call came in, and is decided anew only where policies have changed since. Errors: Forbidden.
 */
export function authorizeCall(context: GrpcContext, route: Route, caller: Caller, request: Uint8Array): void {
  const { orgId } = caller;
  if (context.authorize.beforehand(caller, route.action, orgId)) return;
  context.authorize(caller, route.action, { orgId, facts: readCallFacts(route, request) });
}
