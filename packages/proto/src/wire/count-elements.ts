import type { MessageShape } from "./message-shape.js";
import { walkMessage } from "./walk-message.js";
import { TooManyElements, WireCursor, WireError } from "./wire-cursor.js";

/**
 * How many fields the bytes of a message hold, those of nested messages and unknown ones included; of a repeated field each
 * element. Ends as soon as there are more than `max`, with `max + 1`; takes time for the bytes up to there and no memory.
 * Errors: UnsafeMapKey. Undefined when the bytes are no message, which decoding them finds, too, after no more than `max` elements.
 */
export function countElements(shape: MessageShape, bytes: Uint8Array, max: number): number | undefined {
  const cursor = new WireCursor(bytes, max);
  try {
    walkMessage(cursor, shape, bytes.length);
    return cursor.elements;
  } catch (error) {
    if (error instanceof TooManyElements) return max + 1;
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * How many messages a message holds in field 1, as answers that are lists have it: a history has one for each event. What is
 * in them is passed over. 0 when the bytes are no message.
 */
export function countMessages(bytes: Uint8Array): number {
  const cursor = new WireCursor(bytes);
  let count = 0;
  try {
    while (cursor.pos < bytes.length) {
      const tag = cursor.uint32();
      if (tag === listTag) count += 1;
      cursor.skip(tag & 7);
    }
  } catch (error) {
    if (error instanceof WireError) return 0;
    throw error;
  }
  return count;
}

/** Of field 1 when it holds messages. */
const listTag = 10;
