import { decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { findPromises, findPromiseView } from "@flovyn/db";
import { GetPromiseRequest, PromiseView } from "@flovyn/proto/internal";
import type { PromisesContext } from "../context.js";
import { noSuchPromise, parsePromiseRef, resolveKey } from "../promise-ref.js";

/** One promise; of several with one name the newest. Errors: InvalidInput, NotFound. */
export async function getPromise(context: PromisesContext, request: IncomingRequest): Promise<Uint8Array> {
  const message = decodeMessage(GetPromiseRequest, request.payload);
  const { orgId } = request.caller;
  const ref = await resolveKey(context, parsePromiseRef(message.promise, "promise"), orgId);
  const id = "id" in ref ? ref.id : (await findPromises(context.db, [{ orgId, ref }])).at(-1)?.id;
  const view = id === undefined ? undefined : await findPromiseView(context.db, { orgId, id });
  if (view === undefined) throw noSuchPromise();
  return PromiseView.encode({
    id: view.id,
    orgId: view.orgId,
    workflowExecutionId: view.workflowId,
    name: view.name,
    status: view.status,
    value: (view.value as Buffer | null) ?? undefined,
    error: view.error ?? undefined,
    createdAtMs: view.createdAtMs,
    timeoutAtMs: view.timeoutAtMs ?? undefined,
    settledAtMs: view.settledAtMs ?? undefined,
  }).finish();
}
