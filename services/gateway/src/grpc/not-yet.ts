import { DomainError } from "@flovyn/domain";
import type { Route } from "./routes.js";

/** An RPC that the protocol has and this version does not. */
export function notYet(route: Route): DomainError {
  return new DomainError("Unimplemented", `${route.name} is not implemented yet`);
}
