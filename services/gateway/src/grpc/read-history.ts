import { setTimeout as pause } from "node:timers/promises";
import type { ServiceName } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import { GetEventsRequest } from "@flovyn/proto/v1";
import { countMessages } from "@flovyn/proto/wire";
import { readAgainForMs, readAgainPausesMs } from "../limits.js";
import { connectionOf } from "../presence/named-worker.js";
import { decodeRequest } from "./decode.js";
import { toBusRequest } from "./forward.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";
import type { RawHandler, RawUnaryCall } from "./unary.js";

/**
 * Forwards GetEvents, and asks again while the answer is Unavailable: a replica that was lost, or a database that restarts,
 * is replaced or back within seconds. Existing clients that cannot read a history run from an empty one and report what
 * comes of it, so a failure here costs more than a wait, and who was served is remembered.
 */
export function readHistory(context: GrpcContext, route: Route, service: ServiceName): RawHandler {
  return async (call, caller, reply) => {
    const connection = connectionOf(call, caller);
    context.presence.call(connection);
    const { workflowExecutionId } = decodeRequest(GetEventsRequest, call.request, "GetEventsRequest");
    const until = Date.now() + readAgainForMs;
    for (let tries = 0; ; tries++) {
      try {
        const request = toBusRequest(call, caller, { service, path: route.path }, reply.requestId);
        request.isWanted = () => !call.cancelled;
        const history = await context.bus.request(request);
        context.historyReads.served(connection, workflowExecutionId, countMessages(history));
        reply.ok(history);
        return;
      } catch (error) {
        const pauseMs = readAgainPausesMs[Math.min(tries, readAgainPausesMs.length - 1)] ?? 0;
        if (!isUnavailable(error) || call.cancelled || endOf(call, until) <= Date.now() + pauseMs) throw error;
        await pause(pauseMs);
      }
    }
  };
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DomainError && error.code === "Unavailable";
}

/** When the last try has to be made: before the deadline of the caller, who may have none. */
function endOf(call: RawUnaryCall, until: number): number {
  return Math.min(Number(call.getDeadline()), until);
}
