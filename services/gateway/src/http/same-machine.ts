import { DomainError } from "@flovyn/domain";
import { hostName, isLoopbackHost } from "@flovyn/runtime";
import type { MiddlewareHandler } from "hono";
import type { HttpEnv } from "./http-context.js";

export interface SameMachineOptions {
  /** Names of this server beside those of the loopback addresses. In lower case, without ports. */
  hosts: readonly string[];
  /** Origins whose pages may call. */
  origins: readonly string[];
}

/**
 * Where callers need no credential, whatever a browser on this machine is made to send counts. So a request must name this
 * server as its host, which a page whose name was pointed at a loopback address does not, and a page that sends it must come
 * from this server or a configured origin. Errors: Forbidden.
 */
export function refuseForeignPages({ hosts, origins }: SameMachineOptions): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const header = context.req.header("host");
    const host = hostName(header);
    if (host === "" || !(isLoopbackHost(host) || hosts.includes(host))) {
      throw new DomainError("Forbidden", "Host: is not a name of this server; auth.allowed_hosts adds names", {
        ...{ field: "Host", reason: "FOREIGN_HOST" },
      });
    }
    const origin = context.req.header("origin");
    if (origin !== undefined && !origins.includes(origin) && !isSameOrigin(origin, header ?? "")) {
      throw new DomainError("Forbidden", "Origin: is another one than this server's; cors.origins adds origins", {
        ...{ field: "Origin", reason: "FOREIGN_ORIGIN" },
      });
    }
    await next();
  };
}

/** By host and port alone: TLS may end in front of this server. */
function isSameOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: page } = new URL(origin);
  return (
    /^https?:$/.test(protocol) && URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === page
  );
}
