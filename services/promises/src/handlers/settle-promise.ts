import { type Caller, decodeMessage, type IncomingRequest } from "@flovyn/bus";
import { checkPayload, cutText, errorTextMax, invalidField, isSameSettlement, type Settlement } from "@flovyn/domain";
import { SettlePromiseRequest, SettlePromiseResponse } from "@flovyn/proto/internal";
import { RejectPromiseRequest, ResolvePromiseRequest } from "@flovyn/proto/v1";
import type { Batches } from "../batches/index.js";
import { alreadySettled, type Settled } from "../batches/settle.js";
import type { PromisesContext } from "../context.js";
import { parsePromiseRef, resolveKey } from "../promise-ref.js";

const empty = new Uint8Array(0);

/**
 * Resolves an open promise and wakes its workflow. The same value once more is accepted. Errors: InvalidInput,
 * PayloadTooLarge, NotFound, WrongState when it was settled otherwise. Source: ResolvePromise.
 */
export async function resolvePromise(
  context: PromisesContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(ResolvePromiseRequest, request.payload);
  const settlement: Settlement = { type: "RESOLVED", value: checkPayload(message.value, "value") };
  const named = { text: message.promiseId, field: "promise_id" };
  return strict(await settle(context, batches, { caller: request.caller, named, settlement }), settlement);
}

/**
 * Rejects an open promise and wakes its workflow. The same error once more is accepted. Errors: InvalidInput, NotFound,
 * WrongState when it was settled otherwise. Source: RejectPromise.
 */
export async function rejectPromise(
  context: PromisesContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(RejectPromiseRequest, request.payload);
  const settlement: Settlement = { type: "REJECTED", error: cutText(message.error, errorTextMax) };
  const named = { text: message.promiseId, field: "promise_id" };
  return strict(await settle(context, batches, { caller: request.caller, named, settlement }), settlement);
}

/** The same for REST, where a promise that was settled before is an answer. Errors: InvalidInput, PayloadTooLarge, NotFound. */
export async function settlePromiseForRest(
  context: PromisesContext,
  batches: Batches,
  request: IncomingRequest,
): Promise<Uint8Array> {
  const message = decodeMessage(SettlePromiseRequest, request.payload);
  const named = { text: message.promise, field: "promise" };
  const settlement = parseOutcome(message.outcome);
  const { promise, settled } = await settle(context, batches, { caller: request.caller, named, settlement });
  return SettlePromiseResponse.encode({ promiseId: promise.id, settled, status: promise.status }).finish();
}

function parseOutcome(outcome: SettlePromiseRequest["outcome"]): Settlement {
  switch (outcome?.$case) {
    case "value":
      return { type: "RESOLVED", value: checkPayload(outcome.value, "value") };
    case "error":
      return { type: "REJECTED", error: cutText(outcome.value, errorTextMax) };
    default:
      throw invalidField("outcome", "value or error is required");
  }
}

async function settle(
  context: PromisesContext,
  batches: Batches,
  wanted: { caller: Caller; named: { text: string; field: string }; settlement: Settlement },
): Promise<Settled> {
  const { caller, named, settlement } = wanted;
  const { orgId } = caller;
  const ref = await resolveKey(context, parsePromiseRef(named.text, named.field), orgId);
  const actor = { type: caller.principalType === "Worker" ? "worker" : "user", id: caller.principalId } as const;
  return batches.settle.submit({ orgId, ref, settlement, actor });
}

function strict({ promise, settled }: Settled, settlement: Settlement): Uint8Array {
  if (settled || isSameSettlement(promise, settlement)) return empty;
  throw alreadySettled(promise);
}
