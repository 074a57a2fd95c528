import { invalidField } from "@flovyn/domain";

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

/** A time as callers write it, with its zone, in ms since 1970. Errors: InvalidInput naming `field`. */
export function parseTimeText(text: string, field: string): number {
  const ms = timeForm.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw invalidField(field, "must be a time such as 2026-01-31T08:00:00Z");
  return ms;
}
