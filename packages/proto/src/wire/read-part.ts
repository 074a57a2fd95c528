import { getTextEncoding } from "@bufbuild/protobuf/wire";
import type { FieldShape, MessageShape } from "./message-shape.js";
import { walkField } from "./walk-message.js";
import { endsMessage, WireCursor, WireError } from "./wire-cursor.js";

/**
 * What to read of a message, by the names in decoded messages: `true` for a text, a selection for a nested message, and
 * either in an array for a repeated field: `{ orgId: true, commands: [{ scheduleTask: { kind: true } }] }`.
 */
export interface Selection {
  readonly [property: string]: true | Selection | readonly [true | Selection];
}

/** What was read. A member of a oneof is a property of its own, undefined unless it is the one that is set. */
export type Part<S extends Selection> = {
  [P in keyof S]: S[P] extends true
    ? string | undefined
    : S[P] extends readonly [infer Element]
      ? Element extends Selection
        ? Part<Element>[]
        : string[]
      : S[P] extends Selection
        ? Part<S[P]> | undefined
        : never;
};

/**
 * Makes a reader of parts of messages from their wire bytes, without decoding the rest. Each property has the value that
 * decoding the whole message gives it, of which "" stands for an absent text without presence. Making it throws when the
 * type has no such field. Reading gives undefined when the bytes are no message; decoding refuses them, too, and a few more.
 */
export function partReader<const S extends Selection>(
  shape: MessageShape,
  selection: S,
): (bytes: Uint8Array) => Part<S> | undefined {
  const plan = planOf(shape, selection);
  return (bytes) => {
    try {
      return readPart(new WireCursor(bytes), plan, bytes.length, 0) as Part<S>;
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  };
}

type Value = string | undefined | PlainPart | (string | PlainPart)[];
interface PlainPart {
  [property: string]: Value;
}

interface Plan {
  readonly shape: MessageShape;
  /** What is read, by field number. */
  readonly fields: ReadonlyMap<number, { readonly field: FieldShape; readonly plan: Plan | undefined }>;
  /** Properties that any member of a oneof clears, by the index of the oneof. */
  readonly oneofs: ReadonlyMap<number, readonly string[]>;
}

function planOf(shape: MessageShape, selection: Selection): Plan {
  const byProperty = new Map([...shape.fields.values()].map((field) => [field.property, field]));
  const fields = new Map<number, { field: FieldShape; plan: Plan | undefined }>();
  const oneofs = new Map<number, string[]>();
  for (const [property, wanted] of Object.entries(selection)) {
    const field = byProperty.get(property);
    const [element] = Array.isArray(wanted) ? wanted : [wanted];
    const { message } = field ?? {};
    const fits = element === true ? field?.type === "text" : message !== undefined;
    if (field === undefined || !fits || field.repeated !== Array.isArray(wanted)) {
      throw new Error(`${shape.name} has no ${property} that can be read so`);
    }
    fields.set(field.number, { field, plan: message && planOf(message, element as Selection) });
    if (field.oneof !== undefined) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), property]);
  }
  return { shape, fields, oneofs };
}

function readPart(cursor: WireCursor, plan: Plan, end: number, depth: number): PlainPart {
  const part = emptyPart(plan);
  while (cursor.pos < end) {
    const tag = cursor.uint32();
    const wireType = tag & 7;
    const field = plan.shape.fields.get(tag >>> 3);
    if (field !== undefined) {
      const wanted = wireType === 2 ? plan.fields.get(field.number) : undefined;
      const value = wanted && readValue(cursor, wanted.plan, depth + 1);
      if (value !== undefined || walkField(cursor, field, wireType, depth)) {
        clearOneof(part, plan, field);
        if (value !== undefined) putValue(part, field, value);
        continue;
      }
    }
    if (endsMessage(tag)) return part;
    cursor.skip(wireType);
  }
  return part;
}

function emptyPart({ fields }: Plan): PlainPart {
  const part: PlainPart = {};
  for (const { field } of fields.values()) part[field.property] = field.repeated ? [] : field.presence ? undefined : "";
  return part;
}

function readValue(cursor: WireCursor, plan: Plan | undefined, depth: number): string | PlainPart {
  if (plan !== undefined) return readPart(cursor, plan, cursor.nestedEnd(depth), depth);
  const length = cursor.uint32();
  const start = cursor.pos;
  cursor.advance(length);
  return getTextEncoding().decodeUtf8(cursor.bytes.subarray(start, cursor.pos));
}

function clearOneof(part: PlainPart, { oneofs }: Plan, { oneof }: FieldShape): void {
  if (oneof === undefined) return;
  for (const property of oneofs.get(oneof) ?? []) part[property] = undefined;
}

/** NOTE: a message that comes again takes the place of the one before, as it does for the codecs, which do not merge. */
function putValue(part: PlainPart, field: FieldShape, value: string | PlainPart): void {
  const before = part[field.property];
  if (Array.isArray(before)) before.push(value);
  else part[field.property] = value;
}
