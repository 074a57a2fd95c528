import type { CorsConfig } from "@flovyn/runtime";
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { HttpEnv } from "./http-context.js";

/** A year: browsers keep to TLS once they saw it. */
const hstsSeconds = 31_536_000;

/**
 * What every answer tells browsers, unless its route says otherwise: answers are data, belong to nobody's page or cache,
 * and come from this address only by TLS where it is on.
 */
export function securityHeaders({ tls }: { tls: boolean }): MiddlewareHandler<HttpEnv> {
  const usual: readonly (readonly [string, string])[] = [
    ["x-content-type-options", "nosniff"],
    ["content-security-policy", "default-src 'none'; frame-ancestors 'none'"],
    ["referrer-policy", "no-referrer"],
    ["cross-origin-resource-policy", "same-origin"],
    ["cache-control", "no-store"],
    ...(tls ? ([["strict-transport-security", `max-age=${hstsSeconds}`]] as const) : []),
  ];
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    for (const [name, value] of usual) if (!headers.has(name)) headers.set(name, value);
  };
}

/** Lets pages of the configured origins call; undefined where there are none. Keys travel in a header, never in a cookie. */
export function crossOrigin({ origins, maxAgeSeconds }: CorsConfig): MiddlewareHandler<HttpEnv> | undefined {
  if (origins.length === 0) return undefined;
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowHeaders: [
      "authorization",
      "content-type",
      "x-request-id",
      "traceparent",
      "last-event-id",
      "flovyn-promise-token",
    ],
    exposeHeaders: ["x-request-id", "retry-after"],
    maxAge: maxAgeSeconds,
  });
}
