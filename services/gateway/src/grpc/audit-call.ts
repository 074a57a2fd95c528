import type { Caller } from "@flovyn/bus";
import { isDenial, toCallError } from "../audit/auditor.js";
import type { Credentials } from "../auth/authenticate.js";
import { auditedRequestBytesMax } from "../limits.js";
import { readCallFacts } from "./authorize-call.js";
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
  const { call, credentials, caller, requestId } = facts;
  const failure = error === undefined ? undefined : toCallError(error);
  if (!isDenial(caller, failure) && !context.auditor.records(route.action)) return;
  const { request } = call;
  const isShort = request !== undefined && request.byteLength <= auditedRequestBytesMax;
  const resourceId = isShort ? readCallFacts(route, request).id : undefined;
  context.auditor.ended(
    {
      ...{ door: "grpc", caller, action: route.action, resourceId: resourceId ?? "" },
      ...{ address: credentials.address, requestId },
    },
    failure,
  );
}
