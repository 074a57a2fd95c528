/** Where a member of the outermost object lies in the text, and how deep its value is nested: 0 for a scalar. */
export interface MemberPlace {
  keyStart: number;
  /** After the closing quote. */
  keyEnd: number;
  start: number;
  end: number;
  depth: number;
}

export type JsonScan =
  /** One JSON document, nested so deep: 0 for a scalar, 1 for `[]`. */
  | { readonly isJson: true; readonly depth: number }
  /** Where the text stops being JSON, in bytes. */
  | { readonly isJson: false; readonly position: number };

const quote = 0x22;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Says of UTF-8 text whether JSON.parse would take it, and how deep it is nested. One pass that builds nothing of what the
 * text means: it costs one bit for each level, whatever the size. `onMember` gets the members of the outermost object as
 * they end, also those of text that turns out not to be JSON.
 */
export function scanJson(text: Uint8Array, onMember?: (place: MemberPlace) => void): JsonScan {
  const levels = new OpenLevels();
  let depth = 0;
  /** The same since the last member of the outermost object began. */
  let memberDepth = 1;
  const key = { start: 0, end: 0, value: 0 };
  let at = skipBlanks(text, 0);
  let isKeyNext = false;
  for (;;) {
    if (isKeyNext) {
      const end = text[at] === quote ? skipString(text, at) : ~at;
      if (end < 0) return { isJson: false, position: ~end };
      const colonAt = skipBlanks(text, end);
      if (text[colonAt] !== colon) return { isJson: false, position: colonAt };
      const value = skipBlanks(text, colonAt + 1);
      if (levels.count === 1) {
        key.start = at;
        key.end = end;
        key.value = value;
        memberDepth = 1;
      }
      at = value;
    }
    const code = text[at];
    if (code === openBrace || code === openBracket) {
      levels.open(code === openBrace);
      if (levels.count > depth) depth = levels.count;
      if (levels.count > memberDepth) memberDepth = levels.count;
      at = skipBlanks(text, at + 1);
      isKeyNext = code === openBrace;
      if (text[at] !== (isKeyNext ? closeBrace : closeBracket)) continue;
    } else {
      at = skipScalar(text, at);
      if (at < 0) return { isJson: false, position: ~at };
    }
    // A value has ended, or an empty one is about to: it may end the ones around it.
    for (;;) {
      const end = at;
      at = skipBlanks(text, at);
      if (levels.count === 0) return at === text.length ? { isJson: true, depth } : { isJson: false, position: at };
      const isObject = levels.isObject();
      const isClosed = text[at] === (isObject ? closeBrace : closeBracket);
      if (!isClosed && text[at] !== comma) return { isJson: false, position: at };
      if (levels.count === 1 && key.value > 0) {
        onMember?.({ keyStart: key.start, keyEnd: key.end, start: key.value, end, depth: memberDepth - 1 });
        key.value = 0;
      }
      at += 1;
      if (!isClosed) {
        at = skipBlanks(text, at);
        isKeyNext = isObject;
        break;
      }
      levels.close();
    }
  }
}

/** Which of the open levels are objects: one bit each. */
class OpenLevels {
  count = 0;
  #bits = new Uint8Array(128);

  open(isObject: boolean): void {
    const place = this.count >> 3;
    if (place === this.#bits.length) {
      const wider = new Uint8Array(this.#bits.length * 4);
      wider.set(this.#bits);
      this.#bits = wider;
    }
    const bit = 1 << (this.count & 7);
    const others = (this.#bits[place] ?? 0) & ~bit;
    this.#bits[place] = isObject ? others | bit : others;
    this.count += 1;
  }

  close(): void {
    this.count -= 1;
  }

  /** Of the innermost one. */
  isObject(): boolean {
    const last = this.count - 1;
    return (((this.#bits[last >> 3] ?? 0) >> (last & 7)) & 1) === 1;
  }
}

function skipBlanks(text: Uint8Array, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text[at];
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
  }
  return at;
}

// The functions below return the position after what they skip, or `~position` where the text is wrong.

function skipScalar(text: Uint8Array, at: number): number {
  switch (text[at]) {
    case quote:
      return skipString(text, at);
    case 0x74:
      return skipWord(text, at, "true");
    case 0x66:
      return skipWord(text, at, "false");
    case 0x6e:
      return skipWord(text, at, "null");
    default:
      return skipNumber(text, at);
  }
}

function skipWord(text: Uint8Array, at: number, word: string): number {
  for (let index = 0; index < word.length; index++) {
    if (text[at + index] !== word.charCodeAt(index)) return ~(at + index);
  }
  return at + word.length;
}

function skipString(text: Uint8Array, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text[at] as number;
    if (code === quote) return at + 1;
    if (code < 0x20) return ~at;
    if (code !== backslash) continue;
    at += 1;
    if (text[at] === 0x75) {
      for (let digit = 1; digit <= 4; digit++) if (!isHexDigit(text[at + digit])) return ~(at + digit);
      at += 4;
    } else if (!isEscaped(text[at])) return ~at;
  }
  return ~text.length;
}

/** `"`, `\`, `/`, `b`, `f`, `n`, `r`, `t`. */
function isEscaped(code: number | undefined): boolean {
  switch (code) {
    case quote:
    case backslash:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    default:
      return false;
  }
}

function isHexDigit(code: number | undefined): boolean {
  if (code === undefined) return false;
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= zero && code <= 0x39;
}

function skipNumber(text: Uint8Array, from: number): number {
  let at = text[from] === minus ? from + 1 : from;
  if (text[at] === zero) at += 1;
  else at = skipDigits(text, at);
  if (at >= 0 && text[at] === dot) at = skipDigits(text, at + 1);
  if (at < 0 || ((text[at] ?? 0) | 0x20) !== 0x65) return at;
  at += 1;
  return skipDigits(text, text[at] === plus || text[at] === minus ? at + 1 : at);
}

/** At least one. */
function skipDigits(text: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(text[at])) at += 1;
  return at > from ? at : ~at;
}
