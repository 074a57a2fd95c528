import { invalidField, keyTtlSecondsMax } from "@flovyn/domain";
import type { z } from "@hono/zod-openapi";

/** Checks a value against a schema. Errors: InvalidInput naming the first wrong field. */
export function checkFields<Schema extends z.ZodType>(schema: Schema, value: unknown, whole: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? whole : issue.path.join(".");
  throw invalidField(field, issue === undefined ? "is not valid" : issue.message);
}

const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** A time to live such as `90s`, `15m`, `24h` or `30d`, in seconds. Errors: InvalidInput with the forms or the limit. */
export function parseTtl(text: string, field: string): number {
  const [, digits, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) {
    throw invalidField(field, "must be a number followed by s, m, h or d, such as 24h");
  }
  const seconds = Number(digits) * secondsOf[unit as keyof typeof secondsOf];
  if (seconds < 1 || seconds > keyTtlSecondsMax) throw invalidField(field, "must be from 1s to 30d");
  return seconds;
}
