import type { BusRequest, Caller, ServiceName } from "@flovyn/bus";
import { callTimeoutMs } from "../limits.js";
import { connectionOf } from "../presence/named-worker.js";
import type { GrpcContext } from "./grpc-context.js";
import { readClaimEpoch, readTraceparent } from "./metadata.js";
import type { Route } from "./routes.js";
import type { RawHandler, RawUnaryCall } from "./unary.js";

/** Passes the bytes of a call to a service and its answer back. The call goes on when the caller leaves. */
export function forward(context: GrpcContext, route: Route, service: ServiceName): RawHandler {
  return async (call, caller, reply) => {
    context.presence.call(connectionOf(call, caller));
    reply.ok(await context.bus.request(toBusRequest(call, caller, { service, path: route.path }, reply.requestId)));
  };
}

export function toBusRequest(
  call: RawUnaryCall,
  caller: Caller,
  to: { service: ServiceName; path: string },
  requestId: string,
): BusRequest {
  const request: BusRequest = {
    service: to.service,
    operation: to.path,
    payload: call.request,
    timeoutMs: timeLeftMs(call),
    caller,
    requestId,
    traceparent: readTraceparent(call.metadata),
  };
  const claimEpoch = readClaimEpoch(call.metadata);
  if (claimEpoch !== undefined) request.claimEpoch = claimEpoch;
  return request;
}

function timeLeftMs(call: RawUnaryCall): number {
  const deadline = Number(call.getDeadline());
  return deadline === Number.POSITIVE_INFINITY ? callTimeoutMs : Math.min(callTimeoutMs, deadline - Date.now());
}
