import { DomainError } from "../errors.js";
import { eventData } from "../event-data.js";
import { append, appendWaking } from "../workflow/change.js";
import type { SubmitBuilder } from "../workflow/submit-builder.js";
import { resolvedData } from "./settle.js";
import type { CreatePromise } from "./state.js";

/**
 * Opens a promise. Names may repeat. A key that a promise of the same workflow and name holds already means that the
 * command was applied before: nothing changes. Errors: WrongState when something else holds the key. Source:
 * CREATE_PROMISE.
 */
export function createPromise(submit: SubmitBuilder, command: CreatePromise): void {
  const { created, facts, now } = submit;
  const { promiseId, name, timeoutMs, idempotencyKey } = command;
  if (idempotencyKey !== null) {
    const earlier = created.promiseWithKey(idempotencyKey);
    const holder = earlier ?? facts.keyHolder(idempotencyKey);
    if (holder !== undefined && holder !== promiseId) {
      if (earlier === undefined && facts.promises(holder).some((known) => known.name === name)) {
        submit.asksAgain = true;
        return;
      }
      throw new DomainError("WrongState", "create_promise.idempotency_key: is held by something else", {
        field: "create_promise.idempotency_key",
        reason: "KEY_TAKEN",
      });
    }
  }
  const createdSequence = append(
    submit.change,
    "PROMISE_CREATED",
    eventData([
      ["promiseName", name],
      ["promiseId", promiseId],
      ["timeoutMs", timeoutMs],
      ["idempotencyKey", idempotencyKey],
    ]),
  );
  const timeoutAtMs = timeoutMs === null ? null : now + timeoutMs;
  created.addPromise({ ...command, timeoutAtMs, createdSequence });
}

/**
 * Resolves the open promise of this workflow with that id, or the oldest open one with that name. One that is settled
 * already stays as it is, without an event. It counts as news for the worker, which may await it in the same activation.
 * Errors: WrongState when the workflow has no such promise. Source: RESOLVE_PROMISE.
 */
export function resolvePromise(submit: SubmitBuilder, command: { promise: string; value: Uint8Array }): void {
  const { effects, promises } = submit.created;
  if (!promises.has(command.promise)) {
    throw new DomainError("WrongState", `resolve_promise.promise_id: the workflow has no promise ${command.promise}`, {
      field: "resolve_promise.promise_id",
      reason: "NO_SUCH_PROMISE",
    });
  }
  const open = promises.resolve(command.promise);
  if (open === undefined) return;
  effects.resolvedPromises.set(open.id, command.value);
  appendWaking(submit.change, "PROMISE_RESOLVED", resolvedData(open, command.value));
}
