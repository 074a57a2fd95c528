import { publicName, type RequestHandler } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";

/** Sends each request to the handler of its operation. An operation without one is answered Unimplemented. */
export function routeRequests(routes: ReadonlyMap<string, RequestHandler>): RequestHandler {
  return async (request) => {
    const handler = routes.get(request.operation);
    if (handler === undefined) throw notImplemented(request.operation);
    return handler(request);
  };
}

/** `flovyn.v1.WorkflowDispatch/ResolvePromise` → "ResolvePromise is not implemented yet"; others by no name. */
export function notImplemented(operation: string): DomainError {
  const name = publicName(operation);
  const text = `${name.slice(name.lastIndexOf("/") + 1)} is not implemented yet`;
  return new DomainError("Unimplemented", text, { context: { operation } });
}
