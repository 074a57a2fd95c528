import type { FieldShape, MessageShape } from "./message-shape.js";
import { endsMessage, UnsafeMapKey, type WireCursor } from "./wire-cursor.js";

/**
 * Takes a cursor over a message and everything in it, as far as `end`. Errors: those of the cursor; UnsafeMapKey, of whatever
 * map in it.
 */
export function walkMessage(cursor: WireCursor, shape: MessageShape, end: number, depth = 0, map?: string): void {
  while (cursor.pos < end) {
    const tag = cursor.uint32();
    cursor.element();
    const field = shape.fields.get(tag >>> 3);
    if (field !== undefined && walkField(cursor, field, tag & 7, depth, map)) continue;
    if (endsMessage(tag)) return;
    cursor.skip(tag & 7);
  }
}

/**
 * Takes a cursor over a value whose tag it has passed. False, where it stood, for a wire type the field does not have. `map`
 * is the name of the map that the field is part of an entry of.
 */
export function walkField(
  cursor: WireCursor,
  field: FieldShape,
  wireType: number,
  depth: number,
  map?: string,
): boolean {
  if (wireType !== field.wireType) return wireType === 2 && field.packable && walkPacked(cursor, field.wireType);
  if (field.message !== undefined) {
    walkMessage(cursor, field.message, cursor.nestedEnd(depth + 1), depth + 1, field.map ? field.name : undefined);
  } else if (map !== undefined && field.number === keyNumber && field.type === "text") {
    if (cursor.skipKey()) throw new UnsafeMapKey(map);
  } else cursor.skip(wireType);
  return true;
}

/** Of the key in an entry of a map. */
const keyNumber = 1;

/** NOTE: the tag has been counted for the first element. */
function walkPacked(cursor: WireCursor, wireType: number): true {
  const end = cursor.uint32() + cursor.pos;
  for (let first = true; cursor.pos < end; first = false) {
    if (!first) cursor.element();
    cursor.skip(wireType);
  }
  return true;
}
