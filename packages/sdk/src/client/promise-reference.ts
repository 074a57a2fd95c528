import { freeName, key, notBlank, wrong } from "../options/checks.js";

/**
 * Which promise a client means: by its id, by the workflow that created it and the name it has there, or by the idempotency
 * key it was created with.
 */
export type PromiseReference =
  | string
  | { readonly workflowId: string; readonly name: string }
  | { readonly key: string };

/** A text may be an id, or hold the workflow and the name. */
const referenceText = notBlank(1024);

/** The form in which it travels. Errors: RangeError naming the part that is wrong. */
export function toPromiseId(reference: PromiseReference): string {
  if (typeof reference === "string") return referenceText(reference, "promise: id");
  if (typeof reference !== "object" || reference === null) {
    throw wrong("promise", "an id, { workflowId, name } or { key }", reference);
  }
  if ("key" in reference) return `key:${key(reference.key, "promise: key")}`;
  return `${freeName(reference.workflowId, "promise: workflowId")}:${freeName(reference.name, "promise: name")}`;
}

/**
 * Whether settling it a second time in the same way is the same settling. A name is no such reference: it may stand for
 * another promise by then.
 */
export function isOnePromise(reference: PromiseReference): boolean {
  return typeof reference === "string" || "key" in reference;
}
