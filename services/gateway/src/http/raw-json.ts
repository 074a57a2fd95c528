import { invalidField, jsonDepthMax, nestedTooDeep, scanJson } from "@flovyn/domain";

/** A JSON object of which every member is known by value and by its exact source text. */
export interface RawObject {
  readonly values: Readonly<Record<string, unknown>>;
  /** The source text of a member, blanks around it left out; undefined when the member is absent. */
  raw(name: string): Buffer | undefined;
}

const openBrace = "{".charCodeAt(0);

/**
 * Reads a JSON object and keeps the source text of its members, so that a payload travels on exactly as it was written:
 * 64-bit integers, `1.0`, escapes and blanks survive. A member that is there twice is refused: readers differ in which one they
 * take. Nothing is built in memory before the whole text is known to be JSON and its nesting to be within the limit of
 * payloads. `text` is UTF-8; `field` names it in errors. Errors: InvalidInput.
 */
export function readRawObject(text: Buffer, field: string): RawObject {
  const slices = new Map<string, Buffer>();
  let tooDeep: string | undefined;
  let repeated: string | undefined;
  const scan = scanJson(text, ({ keyStart, keyEnd, start, end, depth }) => {
    const key = JSON.parse(text.toString("utf8", keyStart, keyEnd)) as string;
    if (slices.has(key)) repeated ??= key;
    slices.set(key, text.subarray(start, end));
    if (depth > jsonDepthMax) tooDeep ??= key;
  });
  if (!scan.isJson) throw invalidField(field, `is not JSON, see position ${scan.position}`);
  if (text[firstMark(text)] !== openBrace) throw invalidField(field, "must be a JSON object");
  if (tooDeep !== undefined) throw nestedTooDeep(tooDeep.slice(0, memberNameMax));
  if (repeated !== undefined) {
    const name = repeated.slice(0, memberNameMax);
    throw invalidField(field === "body" ? name : `${field}.${name}`, "must not be there twice");
  }
  const values = JSON.parse(text.toString("utf8")) as Record<string, unknown>;
  return { values, raw: (name) => slices.get(name) };
}

/** A member that no request has may be called anything. */
const memberNameMax = 100;

/** Where the text begins, after blanks. */
function firstMark(text: Buffer): number {
  let at = 0;
  while (at < text.length && (text[at] as number) <= 0x20) at += 1;
  return at;
}
