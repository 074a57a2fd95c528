import type { IncomingMessage } from "node:http";
import type { MiddlewareHandler } from "hono";
import { headerRepeated, repeatedHeader } from "../connections/repeated-headers.js";
import type { HttpEnv } from "./http-context.js";

/** Refuses requests that say twice what has to be said once. Errors: InvalidInput naming the header. */
export function refuseRepeatedHeaders(): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const { incoming } = context.env as { incoming: IncomingMessage };
    const name = repeatedHeader(incoming.rawHeaders);
    if (name !== undefined) throw headerRepeated(name);
    await next();
  };
}
