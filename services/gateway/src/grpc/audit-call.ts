import type { Caller } from "@flovyn/bus";
import { type CallFacts, isDenial, toCallError } from "../audit/auditor.js";
import type { Credentials } from "../auth/authenticate.js";
import { auditedRequestBytesMax } from "../limits.js";
import { readResourceName } from "./authorize-call.js";
import type { GrpcContext } from "./grpc-context.js";
import type { Route } from "./routes.js";

export interface AuditedCallFacts {
  call: { request?: Uint8Array };
  credentials: Credentials;
  caller: Caller;
  requestId: string;
}

/** Records the end of a call where it is to be recorded. `error` is undefined when it succeeded. */
export function auditCall(context: GrpcContext, route: Route, facts: AuditedCallFacts, error: unknown): void {
  const failure = error === undefined ? undefined : toCallError(error);
  if (!isDenial(facts.caller, failure) && !context.auditor.records(route.action)) return;
  context.auditor.ended(auditFacts(route, facts), failure);
}

/** What the audit log tells of a call. */
export function auditFacts(route: Route, { call, credentials, caller, requestId }: AuditedCallFacts): CallFacts {
  const { request } = call;
  const isShort = request !== undefined && request.byteLength <= auditedRequestBytesMax;
  const resourceId = isShort ? readResourceName(route, request) : "";
  return {
    ...{ door: "grpc", caller, action: route.action, resourceId },
    ...{ address: credentials.address, requestId },
  };
}
