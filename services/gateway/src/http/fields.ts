import { checkWellFormed, invalidField, invalidFields, keyTtlSecondsMax } from "@flovyn/domain";
import { checkShape, unwrapped } from "@flovyn/runtime";
import { z } from "@hono/zod-openapi";
import { type RawObject, readRawObject } from "./raw-json.js";

/**
 * Checks the members of a body against a schema, and that UTF-8 can hold their texts; payloads, of which the schema says nothing,
 * are not read. A member that the schema does not have, or that is there twice, is refused rather than ignored.
 * Errors: InvalidInput listing all that is wrong; PayloadTooLarge.
 */
export function checkFields<Schema extends z.ZodObject>(schema: Schema, body: RawObject): z.output<Schema> {
  const values = Object.fromEntries(body.names.map((name) => [name, memberOf(schema, body, name)]));
  const shaped = checkShape(schema, values, { whole: "body", table: "a JSON object" });
  if ("problems" in shaped) throw invalidFields(shaped.problems);
  for (const name of Object.keys(schema.shape)) checkInner(schema.shape[name], body.raw(name), name);
  checkTexts(shaped.value, schema, "");
  return shaped.value;
}

/** Null in place of a payload, and of what the schema does not have. */
function memberOf(schema: z.ZodObject, body: RawObject, name: string): unknown {
  const shape = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
  const isRead = shape !== undefined && !(unwrapped(shape) instanceof z.ZodUnknown);
  return isRead ? body.value(name) : null;
}

/** Refuses what is there twice, and what would be lost, in an object that is no payload. */
function checkInner(schema: z.core.$ZodType | undefined, raw: Buffer | undefined, name: string): void {
  const inner = schema && unwrapped(schema);
  const isObject = inner instanceof z.ZodObject || inner instanceof z.ZodRecord;
  if (!isObject || raw === undefined || raw[0] !== openBrace) return;
  // As a key of an object in memory it is none, so its value would be lost.
  if (readRawObject(raw, name).raw("__proto__") !== undefined)
    throw invalidField(name, "must not have the key __proto__");
}

const openBrace = "{".charCodeAt(0);

function checkTexts(value: unknown, schema: unknown, path: string): void {
  if (typeof value === "string") checkWellFormed(value, path);
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const shape = schema instanceof z.ZodObject ? schema.shape[name] : undefined;
    const described = shape && unwrapped(shape);
    if (described instanceof z.ZodUnknown) continue;
    if (!(schema instanceof z.ZodObject)) checkWellFormed(name, path);
    checkTexts(member, described, path === "" ? name : `${path}.${name}`);
  }
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
