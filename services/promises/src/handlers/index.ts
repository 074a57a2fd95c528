import type { RequestHandler } from "@flovyn/bus";
import type { Batches } from "../batches/index.js";
import type { PromisesContext } from "../context.js";
import { getPromise } from "./get-promise.js";
import { rejectPromise, resolvePromise, settlePromiseForRest } from "./settle-promise.js";

/** Every operation the service answers. */
export function createRoutes(context: PromisesContext, batches: Batches): ReadonlyMap<string, RequestHandler> {
  return new Map<string, RequestHandler>([
    ["flovyn.v1.WorkflowDispatch/ResolvePromise", (request) => resolvePromise(context, batches, request)],
    ["flovyn.v1.WorkflowDispatch/RejectPromise", (request) => rejectPromise(context, batches, request)],
    ["internal/SettlePromise", (request) => settlePromiseForRest(context, batches, request)],
    ["internal/GetPromise", (request) => getPromise(context, request)],
  ]);
}
