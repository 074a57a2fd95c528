import { DomainError, invalidField } from "@flovyn/domain";

/** Deeper values are of no use to any client, and some JSON readers recurse. */
export const jsonDepthMax = 10_000;

/** A JSON object of which every member is known by value and by its exact source text. */
export interface RawObject {
  readonly values: Readonly<Record<string, unknown>>;
  /** The source text of a member, blanks around it left out; undefined when the member is absent. */
  raw(name: string): string | undefined;
}

/**
 * Reads a JSON object and keeps the source text of its members, so that a payload travels on exactly as it was written:
 * 64-bit integers, `1.0`, escapes and blanks survive. Of duplicate keys the last one wins, as in JSON.parse.
 * `field` names the text in errors. Errors: InvalidInput.
 */
export function readRawObject(text: string, field: string): RawObject {
  const members = findMembers(text, field);
  const values = parseObject(text, field);
  const slices = new Map<string, string>();
  for (const { keyStart, keyEnd, start, end } of members) {
    slices.set(JSON.parse(text.slice(keyStart, keyEnd)) as string, trimBlanks(text, start, end));
  }
  return { values, raw: (name) => slices.get(name) };
}

function parseObject(text: string, field: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    throw invalidField(field, position === undefined ? "is not JSON" : `is not JSON, see position ${position}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalidField(field, "must be a JSON object");
  }
  return value as Record<string, unknown>;
}

interface MemberPlace {
  keyStart: number;
  keyEnd: number;
  start: number;
  end: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Where the members of the outermost object lie. The places are right for JSON objects; for other text they are
 * arbitrary but inside it, and JSON.parse refuses such text afterwards. Checks the depth on the way, before anything
 * deeper is built in memory.
 */
function findMembers(text: string, field: string): MemberPlace[] {
  const members: MemberPlace[] = [];
  let depth = 0;
  let keyStart = 0;
  let keyEnd = 0;
  let valueStart = -1;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = skipString(text, at);
        if (depth === 1 && valueStart < 0) {
          keyStart = at;
          keyEnd = end;
        }
        at = end - 1;
        break;
      }
      case openBrace:
      case openBracket:
        depth += 1;
        if (depth > jsonDepthMax) {
          throw new DomainError("InvalidInput", `${field}: must not be nested deeper than ${jsonDepthMax} levels`, {
            field,
          });
        }
        break;
      case colon:
        if (depth === 1 && valueStart < 0) valueStart = at + 1;
        break;
      case comma:
      case closeBrace:
      case closeBracket:
        if (depth === 1 && valueStart >= 0) {
          members.push({ keyStart, keyEnd, start: valueStart, end: at });
          valueStart = -1;
        }
        if (text.charCodeAt(at) !== comma) depth -= 1;
        break;
    }
  }
  return members;
}

/** The position after the closing quote of the string that starts at `start`. */
function skipString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === backslash) at += 1;
    else if (code === quote) return at + 1;
  }
  return text.length;
}

function trimBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
