import { DomainError } from "./errors.js";

/** Deeper values are of no use to any client, and some JSON readers recurse. */
export const jsonDepthMax = 10_000;

/** Where the name of a member lies, quotes included, and its value, blanks around it included. */
export interface JsonMember {
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
 * deeper is built in memory. Errors: InvalidInput naming `field`.
 */
export function findJsonMembers(text: string, field: string): JsonMember[] {
  const members: JsonMember[] = [];
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

/** The name of a member of a text that JSON.parse takes, however it is spelled. */
export function jsonMemberName(text: string, { keyStart, keyEnd }: JsonMember): string {
  return JSON.parse(text.slice(keyStart, keyEnd)) as string;
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
