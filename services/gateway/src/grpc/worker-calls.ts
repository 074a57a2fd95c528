import type { ServiceName } from "@flovyn/bus";
import { WorkerHeartbeatRequest, WorkerRegistrationRequest, WorkerRegistrationResponse } from "@flovyn/proto/v1";
import { connectionOf, workerOf } from "../presence/named-worker.js";
import { decodeRequest } from "./decode.js";
import { toBusRequest } from "./forward.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";
import type { RawHandler } from "./unary.js";

/** Forwards a heartbeat and takes it as a sign of life. */
export function heartbeat(context: GrpcContext, route: Route, service: ServiceName): RawHandler {
  return async (call, caller, reply) => {
    const { workerId } = decodeRequest(WorkerHeartbeatRequest, call.request, "WorkerHeartbeatRequest");
    const answer = await context.bus.request(
      toBusRequest(call, caller, { service, path: route.path }, reply.requestId),
    );
    context.presence.seen(workerOf(caller, workerId), connectionOf(call, caller));
    reply.ok(answer);
  };
}

/** Forwards a registration and forgets what was known of the kinds of the worker. */
export function register(context: GrpcContext, route: Route, service: ServiceName): RawHandler {
  return async (call, caller, reply) => {
    const { workerName } = decodeRequest(WorkerRegistrationRequest, call.request, "WorkerRegistrationRequest");
    const answer = await context.bus.request(
      toBusRequest(call, caller, { service, path: route.path }, reply.requestId),
    );
    context.workerKinds.forget(workerOf(caller, workerName));
    context.workerKinds.forget(workerOf(caller, WorkerRegistrationResponse.decode(answer).workerId));
    reply.ok(answer);
  };
}
