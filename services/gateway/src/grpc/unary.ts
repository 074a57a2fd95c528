import type { Caller } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import type { handleUnaryCall, ServerUnaryCall } from "@grpc/grpc-js";
import { auditCall } from "./audit-call.js";
import { authorizeCall } from "./authorize-call.js";
import type { GrpcContext } from "./grpc-context.js";
import { Reply } from "./reply.js";
import type { Route } from "./routes.js";

export type RawUnaryCall = ServerUnaryCall<Buffer, Buffer>;

/**
 * Handles one authenticated call. It ends the call by `reply`, or rejects, which ends it with the error.
 */
export type RawHandler = (call: RawUnaryCall, caller: Caller, reply: Reply) => Promise<void>;

/** Puts what all unary calls share around a handler: identity, error edge, metrics. */
export function unary(context: GrpcContext, route: Route, handle: RawHandler): handleUnaryCall<Buffer, Buffer> {
  const meter = context.metrics.rpc(route.name);
  return (call, send) => {
    void answer(call, new Reply(newId(), send, meter, context.statusEdge));
  };

  async function answer(call: RawUnaryCall, reply: Reply): Promise<void> {
    const { caller, credentials } = context.admission.of(call);
    const audit = (error: unknown) =>
      auditCall(context, route, { call, credentials, caller, requestId: reply.requestId }, error);
    try {
      authorizeCall(context, route, caller, call.request);
      reply.onResult = context.auditor.records(route.action) ? audit : undefined;
      await handle(call, caller, reply);
    } catch (error) {
      if (reply.onResult === undefined) audit(error);
      reply.fail(error);
    }
  }
}
