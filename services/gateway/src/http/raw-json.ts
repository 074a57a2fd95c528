import { findJsonMembers, invalidField, jsonMemberName } from "@flovyn/domain";

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
  const members = findJsonMembers(text, field);
  const values = parseObject(text, field);
  const slices = new Map<string, string>();
  for (const member of members) slices.set(jsonMemberName(text, member), trimBlanks(text, member.start, member.end));
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
