/**
 * Which promise a client means: by its id, by the workflow that created it and the name it has there, or by the idempotency
 * key it was created with.
 */
export type PromiseReference =
  | string
  | { readonly workflowId: string; readonly name: string }
  | { readonly key: string };

/** The form in which it travels. Errors: RangeError when a part is blank. */
export function toPromiseId(reference: PromiseReference): string {
  if (typeof reference === "string") return notBlank(reference, "the id");
  if ("key" in reference) return `key:${notBlank(reference.key, "the key")}`;
  return `${notBlank(reference.workflowId, "workflowId")}:${notBlank(reference.name, "the name")}`;
}

/**
 * Whether settling it a second time in the same way is the same settling. A name is no such reference: it may stand for
 * another promise by then.
 */
export function isOnePromise(reference: PromiseReference): boolean {
  return typeof reference === "string" || "key" in reference;
}

function notBlank(text: string, what: string): string {
  if (typeof text !== "string" || text.trim() === "") throw new RangeError(`${what} of a promise must not be blank`);
  return text;
}
