import type { BusRequest, ServiceName } from "@flovyn/bus";
import { parseTraceparent } from "@flovyn/runtime";
import type { Context } from "hono";
import { callTimeoutMs } from "../limits.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { accountOf } from "./request-account.js";
import { withRestName } from "./rest-names.js";

export interface BusCall<Answer> {
  service: ServiceName;
  operation: string;
  payload: Uint8Array;
  answer: { decode(bytes: Uint8Array): Answer };
}

/** Asks a service on behalf of the caller of an HTTP request. Errors: those of the service; Unavailable, Timeout. */
export async function callService<Answer>(
  { bus }: HttpContext,
  context: Context<HttpEnv>,
  call: BusCall<Answer>,
): Promise<Answer> {
  const request: BusRequest = {
    service: call.service,
    operation: call.operation,
    payload: call.payload,
    timeoutMs: callTimeoutMs,
    caller: context.get("caller"),
    requestId: context.get("requestId"),
    traceparent: parseTraceparent(context.req.header("traceparent") ?? ""),
    ...(isRead(context) && { isWanted: () => accountOf(context.req.raw)?.isClosed !== true }),
  };
  let bytes: Uint8Array;
  try {
    bytes = await bus.request(request);
  } catch (error) {
    throw withRestName(error);
  }
  return call.answer.decode(bytes);
}

/** Nothing is lost when a read is not made whose caller has left. */
function isRead(context: Context<HttpEnv>): boolean {
  return context.req.method === "GET";
}
