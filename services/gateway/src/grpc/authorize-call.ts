import { actions, type ResourceFacts, type ResourceType } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { defaultQueue } from "@flovyn/domain";
import { extensionRpcs, publishedRpcs, type Rpc } from "@flovyn/proto/descriptors";
import { bareId } from "../authorization/bare-id.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";

/** Lets a caller make a call that policies allow. A request is read only where policies look at it. Errors: Forbidden. */
export function authorizeCall(context: GrpcContext, route: Route, caller: Caller, request: Uint8Array): void {
  const { orgId } = caller;
  const facts = context.authorize.attributes.size === 0 ? undefined : readCallFacts(route, request);
  context.authorize(caller, route.action, facts === undefined ? { orgId } : { orgId, facts });
}

const rpcs = new Map<string, Rpc>([...publishedRpcs, ...extensionRpcs].map((rpc) => [rpc.operation, rpc]));
/** The member that holds the id of what an action is about. */
const idNames: Readonly<Partial<Record<ResourceType, string>>> = {
  WorkflowExecution: "workflowExecutionId",
  TaskExecution: "taskExecutionId",
  AgentExecution: "agentExecutionId",
  Promise: "promiseId",
  Worker: "workerId",
};
const kindNames = ["workflowKind", "childExecutionKind", "kind"] as const;
/** RPCs for which no queue means the usual one. For a child it means that of its parent, which nobody knows here. */
const defaultQueueRpcs: ReadonlySet<string> = new Set(["StartWorkflow", "SignalWithStartWorkflow", "SubmitTask"]);

/** What a request says of the resource it is about. A request that cannot be read says nothing; its handler refuses it. */
export function readCallFacts(route: Route, request: Uint8Array): ResourceFacts {
  const message = decode(route.path, request);
  const text = (name: string) => {
    const value = message[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const id = bareId(text(idNameOf(route)));
  const kind = kindNames.map(text).find((value) => value !== undefined);
  const queue = text("queue") ?? (defaultQueueRpcs.has(route.name) ? defaultQueue : undefined);
  return {
    ...(id !== undefined && { id }),
    ...(kind !== undefined && { kind }),
    ...(queue !== undefined && { queue }),
  };
}

/** How a request names the resource it is about, in whatever spelling; empty when it does not. */
export function readResourceName(route: Route, request: Uint8Array): string {
  const name = decode(route.path, request)[idNameOf(route)];
  return typeof name === "string" ? name : "";
}

function idNameOf(route: Route): string {
  return idNames[actions[route.action].resource] ?? "";
}

function decode(operation: string, request: Uint8Array): Record<string, unknown> {
  try {
    return (rpcs.get(operation)?.requestType.decode(request) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
