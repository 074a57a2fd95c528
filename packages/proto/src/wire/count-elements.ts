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
