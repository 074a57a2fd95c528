import { invalidField, keyLengthMax, parseText, parseUuid } from "@flovyn/domain";

/** How a path names a promise. */
export type PromiseRef = { readonly type: "id"; readonly id: string } | { readonly type: "key"; readonly key: string };

/**
 * Reads `id:<uuid>` or `key:<idempotency key>`. What follows the first colon is the key, colons and slashes included.
 * Errors: InvalidInput naming `promise`.
 */
export function readPromiseRef(text: string | undefined): PromiseRef {
  const [, type, rest = ""] = /^(id|key):(.*)$/s.exec(text ?? "") ?? [];
  if (type === "id") return { type, id: parseUuid(rest, "promise") };
  if (type === "key") return { type, key: parseText(rest, "promise", keyLengthMax) };
  throw invalidField("promise", "must be id:<uuid> or key:<idempotency key>");
}

/** As services read it. */
export function promiseRefText(ref: PromiseRef): string {
  return ref.type === "id" ? `id:${ref.id}` : `key:${ref.key}`;
}
