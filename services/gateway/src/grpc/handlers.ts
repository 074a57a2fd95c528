import { assertNever, newId } from "@flovyn/domain";
import type { handleClientStreamingCall, handleServerStreamingCall, UntypedHandleCall } from "@grpc/grpc-js";
import { auditCall } from "./audit-call.js";
import { authorizeCall } from "./authorize-call.js";
import { ResultCalls } from "./await-result.js";
import type { AnyCall } from "./credentials.js";
import { forward } from "./forward.js";
import type { GrpcContext } from "./grpc-context.js";
import { noDefinition } from "./no-definition.js";
import { notYet } from "./not-yet.js";
import { NotificationStreams } from "./notifications.js";
import { poll } from "./poll.js";
import { readHistory } from "./read-history.js";
import { Reply } from "./reply.js";
import type { Route } from "./routes.js";
import { submit } from "./submit.js";
import { type RawHandler, unary } from "./unary.js";
import { heartbeat, register } from "./worker-calls.js";

/** Calls that stay open and must be ended when the gateway goes away. */
export interface OpenCalls {
  readonly size: number;
  /** Ends those that are open; later ones end at once. */
  drain(): void;
}

export interface RouteHandler {
  handle: UntypedHandleCall;
  /** Only for routes whose calls stay open. */
  open?: OpenCalls;
}

/** Makes the handler of a route. */
export function createHandler(context: GrpcContext, route: Route): RouteHandler {
  const { handling } = route;
  switch (handling.type) {
    case "forward":
      return plain(context, route, forward(context, route, handling.service));
    case "history":
      return plain(context, route, readHistory(context, route, handling.service));
    case "submit":
      return plain(context, route, submit(context, route, handling.service));
    case "heartbeat":
      return plain(context, route, heartbeat(context, route, handling.service));
    case "register":
      return plain(context, route, register(context, route, handling.service));
    case "poll":
      return plain(context, route, poll(context, route, handling.kind));
    case "await-result": {
      const calls = new ResultCalls(context, route);
      return { ...plain(context, route, calls.handle), open: calls };
    }
    case "notifications": {
      const streams = new NotificationStreams(context, route);
      const handle: handleServerStreamingCall<Buffer, Buffer> = (call) => streams.open(call);
      return { handle, open: streams };
    }
    case "no-definition":
      return plain(context, route, noDefinition);
    case "later":
      return { handle: refuse(context, route) };
    default:
      return assertNever(handling);
  }
}

function plain(context: GrpcContext, route: Route, handle: RawHandler): RouteHandler {
  return { handle: unary(context, route, handle) };
}

const nothing = new Uint8Array(0);

/** Answers UNIMPLEMENTED to callers with a valid key, whatever the shape of the call. */
function refuse(context: GrpcContext, route: Route): UntypedHandleCall {
  const meter = context.metrics.rpc(route.name);
  const refuseServerStream: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    const startedMs = performance.now();
    const status = context.statusEdge(refusal(call), newId());
    call.emit("error", status);
    meter.ended(status.name, startedMs);
  };
  const refuseUnary: handleClientStreamingCall<Buffer, Buffer> = (call, send) => {
    new Reply(newId(), send, meter, context.statusEdge).fail(refusal(call));
  };
  return route.shape === "server-stream" ? refuseServerStream : refuseUnary;

  function refusal(call: AnyCall): unknown {
    const { caller, credentials } = context.admission.of(call);
    try {
      authorizeCall(context, route, caller, nothing);
      return notYet(route);
    } catch (error) {
      auditCall(context, route, { call: {}, credentials, caller, requestId: newId() }, error);
      return error;
    }
  }
}
