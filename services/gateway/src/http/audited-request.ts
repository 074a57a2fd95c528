import type { Context } from "hono";
import type { CallFacts } from "../audit/auditor.js";
import { addressOf } from "./credentials.js";
import type { HttpEnv } from "./http-context.js";

/** What the audit log tells of a request, as far as it is known by now. */
export function auditedRequest(context: Context<HttpEnv>): CallFacts {
  return {
    ...{ door: "http", caller: context.get("principal"), action: context.get("action") },
    ...{ address: addressOf(context), requestId: context.get("requestId") },
    orgId: context.get("caller")?.orgId ?? "",
    resourceId: context.req.param("id") ?? context.req.param("promise") ?? context.get("madeId") ?? "",
  };
}
