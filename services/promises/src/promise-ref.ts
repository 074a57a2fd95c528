import { findKeys, type PromiseRef } from "@flovyn/db";
import {
  checkLength,
  type DomainError,
  invalidField,
  isUuid,
  keyLengthMax,
  missingOf,
  nameLengthMax,
  parseUuid,
} from "@flovyn/domain";
import type { PromisesContext } from "./context.js";

/** How a caller names a promise. */
export type NamedPromise = PromiseRef | { key: string };

/**
 * Reads `<uuid>`, `id:<uuid>`, `key:<idempotency key>`, `<workflow>:<name>` or `<workflow>/<name>`. Keys and names may hold
 * colons and slashes: the first one divides. Errors: InvalidInput naming `field`.
 */
export function parsePromiseRef(text: string, field: string): NamedPromise {
  if (isUuid(text)) return { id: text.toLowerCase() };
  const at = text.search(/[:/]/);
  const head = at < 0 ? text : text.slice(0, at);
  const rest = at < 0 ? "" : text.slice(at + 1);
  if (head === "id" && text[at] === ":") return { id: parseUuid(rest, field) };
  if (rest === "" || rest.trim() === "") throw invalidField(field, problem);
  if (head === "key" && text[at] === ":") return { key: checkLength(rest, field, keyLengthMax) };
  if (!isUuid(head)) throw invalidField(field, problem);
  return { workflowId: head.toLowerCase(), name: checkLength(rest, field, nameLengthMax) };
}

const problem = "must be a UUID, id:<uuid>, key:<idempotency key> or <workflow execution id>:<promise name>";

/** The same with keys looked up. Errors: NotFound for a key that no promise of the org holds. */
export async function resolveKey(context: PromisesContext, named: NamedPromise, orgId: string): Promise<PromiseRef> {
  if (!("key" in named)) return named;
  const held = (await findKeys(context.db, [{ orgId, key: named.key }])).get(`${orgId}/${named.key}`);
  if (held === undefined || held.promiseId === null || held.expiresAtMs <= context.clock.now()) throw noSuchPromise();
  return { id: held.promiseId };
}

export function noSuchPromise(): DomainError {
  return missingOf("promise_id", "there is no such promise");
}
