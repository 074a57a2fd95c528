import { DomainError } from "@flovyn/domain";
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { FeedOrder } from "../live/execution-feed.js";
import { auditedRequest } from "./audited-request.js";
import { authorizeRequest } from "./authorize-request.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { accountOf } from "./request-account.js";

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  // The connection carries nothing else: a gateway that goes away need not wait for it to become idle.
  connection: "close",
  // Reverse proxies that gather answers would hold events back.
  "x-accel-buffering": "no",
};

/**
 * Answers with a live stream; its head is sent when nothing is missed from then on.
 * Errors: InvalidInput where another answer of the connection comes first; LimitExceeded, Unavailable.
 */
export async function respondStream(http: HttpContext, context: Context<HttpEnv>, order: FeedOrder): Promise<Response> {
  // Nobody would ever read the body.
  if (context.req.raw.method === "HEAD") return context.body(null, 200, headers);
  const { incoming, outgoing } = context.env as HttpBindings;
  // It would be held, with all that it misses, for as long as the answer before it takes.
  if (outgoing.socket === null) {
    throw new DomainError(
      "InvalidInput",
      "a live stream must be asked for alone: its connection has another answer to send",
    );
  }
  const cut = () => {
    if (!outgoing.writableFinished) incoming.socket.destroy();
  };
  const caller = context.get("principal");
  const check = () => authorizeRequest(http, context, context.get("action"), context.get("facts"));
  accountOf(context.req.raw)?.streams();
  const body = await http.live.open(order, { caller, check, facts: () => auditedRequest(context), cut });
  return context.body(body, 200, headers);
}
