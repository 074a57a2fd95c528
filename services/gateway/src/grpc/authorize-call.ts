import type { ResourceFacts } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { extensionRpcs, publishedRpcs, type Rpc } from "@flovyn/proto/descriptors";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";

/** Lets a caller make a call that policies allow. A request is read only where policies look at it. Errors: Forbidden. */
export function authorizeCall(context: GrpcContext, route: Route, caller: Caller, request: Uint8Array): void {
  const { orgId } = caller;
  const facts = context.authorize.attributes.size === 0 ? undefined : readCallFacts(route.path, request);
  context.authorize(caller, route.action, facts === undefined ? { orgId } : { orgId, facts });
}

const rpcs = new Map<string, Rpc>([...publishedRpcs, ...extensionRpcs].map((rpc) => [rpc.operation, rpc]));
const idNames = ["workflowExecutionId", "taskExecutionId", "agentExecutionId", "promiseId", "workerId"] as const;
const kindNames = ["workflowKind", "childExecutionKind", "kind"] as const;

/** What a request says of the resource it is about. A request that cannot be read says nothing; its handler refuses it. */
export function readCallFacts(operation: string, request: Uint8Array): ResourceFacts {
  const message = decode(operation, request);
  const text = (names: readonly string[]) =>
    names.map((name) => message[name]).find((value): value is string => typeof value === "string" && value !== "");
  const [id, kind, queue] = [text(idNames), text(kindNames), text(["queue"])];
  return {
    ...(id !== undefined && { id: id.toLowerCase() }),
    ...(kind !== undefined && { kind }),
    ...(queue !== undefined && { queue }),
  };
}

function decode(operation: string, request: Uint8Array): Record<string, unknown> {
  try {
    return (rpcs.get(operation)?.requestType.decode(request) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
