import type { RequestHandler } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";

/** Sends each request to the handler of its operation. An operation without one is answered Unimplemented, by name. */
export function routeRequests(routes: ReadonlyMap<string, RequestHandler>): RequestHandler {
  return async (request) => {
    const handler = routes.get(request.operation);
    if (handler === undefined) throw notImplemented(request.operation);
    return handler(request);
  };
}

/** `flovyn.v1.WorkflowDispatch/ResolvePromise` → "ResolvePromise is not implemented yet". */
export function notImplemented(operation: string): DomainError {
  const name = operation.slice(operation.lastIndexOf("/") + 1);
  return new DomainError("Unimplemented", `${name} is not implemented yet`);
}
