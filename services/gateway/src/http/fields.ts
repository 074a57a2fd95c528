import { checkWellFormed, invalidField, keyTtlSecondsMax } from "@flovyn/domain";
import { z } from "@hono/zod-openapi";
import type { RawObject } from "./raw-json.js";

/**
 * Checks a value against a schema, and that UTF-8 can hold its texts; payloads, of which the schema says nothing, are left alone.
 * Errors: InvalidInput naming the first wrong field.
 */
export function checkFields<Schema extends z.ZodType>(schema: Schema, value: unknown, whole: string): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) {
    checkTexts(result.data, schema, "");
    return result.data;
  }
  const issue = result.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? whole : issue.path.join(".");
  throw invalidField(field, issue === undefined ? "is not valid" : issue.message);
}

/**
 * Checks the members of a body against a schema. Payloads, of which the schema says nothing, are not read.
 * Errors: InvalidInput naming the first wrong member, PayloadTooLarge.
 */
export function checkBody<Schema extends z.ZodObject>(schema: Schema, body: RawObject): z.output<Schema> {
  const members = body.names.map((name) => {
    const described = Object.hasOwn(schema.shape, name) ? present(schema.shape[name]) : undefined;
    const isRead = described !== undefined && !(described instanceof z.ZodUnknown);
    return [name, isRead ? body.value(name) : null];
  });
  return checkFields(schema, Object.fromEntries(members), "body");
}

function checkTexts(value: unknown, schema: unknown, path: string): void {
  if (typeof value === "string") checkWellFormed(value, path);
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const described = schema instanceof z.ZodObject ? present(schema.shape[name]) : undefined;
    if (described instanceof z.ZodUnknown) continue;
    if (!(schema instanceof z.ZodObject)) checkWellFormed(name, path);
    checkTexts(member, described, path === "" ? name : `${path}.${name}`);
  }
}

/** What a member is when it is there. */
function present(member: unknown): unknown {
  return member instanceof z.ZodOptional || member instanceof z.ZodNullable ? present(member.unwrap()) : member;
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
