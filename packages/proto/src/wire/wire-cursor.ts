/** Groups in groups, and messages in messages, that the codecs decode. */
const depthMax = 100;

/** Bytes that are no message; the codecs refuse them, too. */
export class WireError extends Error {}

/** More elements than are counted. */
export class TooManyElements extends Error {}

/** A map with the key `__proto__`, which decoded messages cannot hold: it would be lost without a word. */
export class UnsafeMapKey extends Error {
  /** The map, as in the .proto file. */
  readonly field: string;

  constructor(field: string) {
    super(`${field} has the key ${unsafeKey}`);
    this.field = field;
  }
}

const unsafeKey = "__proto__";

/**
 * A place in the bytes of a message. It goes where the codecs go, also where bytes are odd: a nested message may end before
 * its length says, at a tag of 0 or the end of a group, and then its holder goes on there. Nothing is allocated on the way.
 * Errors: WireError where the bytes end too early or a tag cannot be; TooManyElements.
 */
export class WireCursor {
  readonly bytes: Uint8Array;
  pos = 0;
  /** Fields gone over so far, at whatever depth; of packed ones each element. */
  elements = 0;
  readonly #elementsMax: number;

  constructor(bytes: Uint8Array, elementsMax: number = Number.POSITIVE_INFINITY) {
    this.bytes = bytes;
    this.#elementsMax = elementsMax;
  }

  element(): void {
    this.elements += 1;
    if (this.elements > this.#elementsMax) throw new TooManyElements();
  }

  /** An unsigned number of 32 bits: a tag or a length. */
  uint32(): number {
    const { bytes } = this;
    let byte = bytes[this.pos++];
    if (byte === undefined) throw new WireError("the bytes end too early");
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      byte = bytes[this.pos++];
      if (byte === undefined) throw new WireError("the bytes end too early");
      // Of the fifth byte four bits count, of those after it none.
      if (shift < 35) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new WireError("a number is too long");
  }

  /** Goes over a value of a wire type. */
  skip(wireType: number, depth = 0): void {
    switch (wireType) {
      case 0:
        this.skipVarint();
        return;
      case 1:
        this.advance(8);
        return;
      case 2:
        this.advance(this.uint32());
        return;
      case 3:
        this.#skipGroup(depth);
        return;
      case 5:
        this.advance(4);
        return;
      default:
        throw new WireError("a wire type is not known");
    }
  }

  /** Goes over a text; whether it is the key that maps cannot hold. */
  skipKey(): boolean {
    const length = this.uint32();
    const start = this.pos;
    this.advance(length);
    if (length !== unsafeKey.length) return false;
    for (let at = 0; at < length; at++) if (this.bytes[start + at] !== unsafeKey.charCodeAt(at)) return false;
    return true;
  }

  skipVarint(): void {
    const { bytes } = this;
    for (;;) {
      const byte = bytes[this.pos++];
      if (byte === undefined) throw new WireError("the bytes end too early");
      if (byte < 0x80) return;
    }
  }

  advance(length: number): void {
    this.pos += length;
    if (this.pos > this.bytes.length) throw new WireError("the bytes end too early");
  }

  /** The end of the nested message whose length comes next. */
  nestedEnd(depth: number): number {
    if (depth >= depthMax) throw new WireError("messages are nested too deep");
    return this.uint32() + this.pos;
  }

  #skipGroup(depth: number): void {
    if (depth >= depthMax) throw new WireError("groups are nested too deep");
    for (;;) {
      const tag = this.uint32();
      if (tag >>> 3 === 0) throw new WireError("a field has no number");
      if ((tag & 7) === 4) return;
      this.element();
      this.skip(tag & 7, depth + 1);
    }
  }
}

/** Whether a message ends at this tag for the codecs, be it inside of its length or not. */
export function endsMessage(tag: number): boolean {
  return tag === 0 || (tag & 7) === 4;
}
