import type { ServiceName } from "@flovyn/bus";
import { GetEventsRequest } from "@flovyn/proto/v1";
import { connectionOf } from "../presence/named-worker.js";
import { authorizeCommands } from "./authorize-commands.js";
import { decodeRequest } from "./decode.js";
import { toBusRequest } from "./forward.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";
import type { RawHandler } from "./unary.js";

/** Forwards the outcome of an activation whose commands policies allow, and says how much of the history this gateway gave the worker for it. */
export function submit(context: GrpcContext, route: Route, service: ServiceName): RawHandler {
  return async (call, caller, reply) => {
    const { authorize, admission } = context;
    await authorizeCommands({ authorize, charge: admission.charge }, caller, call.request);
    const connection = connectionOf(call, caller);
    context.presence.call(connection);
    const request = toBusRequest(call, caller, { service, path: route.path }, reply.requestId);
    // Both messages have the id in field 1; the decoder of the small one skips the commands.
    const { workflowExecutionId } = decodeRequest(GetEventsRequest, call.request, "SubmitWorkflowCommandsRequest");
    request.historySequence = context.historyReads.take(connection, workflowExecutionId);
    reply.ok(await context.bus.request(request));
  };
}
