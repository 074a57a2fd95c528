import { isUtf8 } from "node:buffer";
import { DomainError, invalidField } from "@flovyn/domain";
import { BinaryReader } from "@flovyn/proto/reader";

/** Half of a surrogate pair: no UTF-8 decodes to it. */
const notUtf8 = "\ud800";
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a message that a caller sent. A text that is not UTF-8 is refused, as protobuf asks for: two of them would become one with
 * the same replacement characters. Errors: InvalidInput when the bytes are not that message, naming the field of such a text, or of
 * an integer that has more digits than a number holds.
 */
export function decodeMessage<Message extends object>(
  codec: { decode(input: BinaryReader | Uint8Array): Message },
  bytes: Uint8Array,
  name = "valid protobuf message of its type",
): Message {
  let wellFormed = true;
  const decodeText = (text: Uint8Array): string => {
    if (isUtf8(text)) return utf8.decode(text);
    wellFormed = false;
    return notUtf8;
  };
  let message: Message;
  try {
    message = codec.decode(new BinaryReader(bytes, decodeText));
  } catch (cause) {
    const field = unsafeInteger(codec, bytes);
    if (field !== undefined) throw invalidField(field, safeRange);
    throw new DomainError("InvalidInput", `the request is not a ${name}`, { cause });
  }
  if (!wellFormed) throw invalidField(pathOf(notUtf8, message) ?? "request", "is not UTF-8 text");
  return message;
}

/** The field of an integer that a number cannot hold, for which generated code throws without a name. */
function unsafeInteger(codec: { decode(input: BinaryReader): object }, bytes: Uint8Array): string | undefined {
  const reader = new SafeIntegerReader(bytes);
  try {
    const message = codec.decode(reader);
    return reader.isOutOfRange ? pathOf(Number(outOfRange), message) : undefined;
  } catch {
    return undefined;
  }
}

/** In place of an integer that a number cannot hold: no caller means this one. */
const outOfRange = -9_007_199_254_740_990n;
const safeRange = `must be an integer from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`;

/** Reads integers of 64 bits as numbers hold them. */
class SafeIntegerReader extends BinaryReader {
  isOutOfRange = false;

  override int64(): bigint | string {
    return this.#checked(super.int64());
  }

  override uint64(): bigint | string {
    return this.#checked(super.uint64());
  }

  #checked(value: bigint | string): bigint | string {
    if (Number.isSafeInteger(Number(value))) return value;
    this.isOutOfRange = true;
    return outOfRange;
  }
}

/** Where in a message a value is, in the names of the .proto files: `commands[0].set_state.key`; of a map, the map. */
function pathOf(sought: string | number, value: unknown): string | undefined {
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const name = Array.isArray(value) ? `[${key}]` : snakeCase(key);
    // A oneof has no name on the wire, only its cases have.
    const oneof = member as { $case?: string; value?: unknown } | null;
    const { $case } = oneof !== null && typeof oneof === "object" ? oneof : {};
    const [at, inner] = $case === undefined ? [name, member] : [snakeCase($case), oneof?.value];
    if (key === sought) return "";
    if (inner === sought) return at;
    const path = pathOf(sought, inner);
    if (path !== undefined) return path === "" || path.startsWith("[") ? at + path : `${at}.${path}`;
  }
  return undefined;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
