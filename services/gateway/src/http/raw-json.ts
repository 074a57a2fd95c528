import { DomainError, invalidField, jsonDepthMax, nestedTooDeep, scanJson } from "@flovyn/domain";

/** A JSON object of which every member is known by its exact source text, and read where its value is wanted. */
export interface RawObject {
  readonly names: readonly string[];
  /** The source text of a member, blanks around it left out; undefined when the member is absent. */
  raw(name: string): Buffer | undefined;
  /** The value of a member; undefined when it is absent. Errors: PayloadTooLarge for one that only payloads may be as large as. */
  value(name: string): unknown;
}

const openBrace = "{".charCodeAt(0);

/**
 * Reads a JSON object and keeps the source text of its members, so that a payload travels on exactly as it was written:
 * 64-bit integers, `1.0`, escapes and blanks survive. A member that is there twice is refused: readers differ in which one they
 * take. Nothing is built in memory of what members hold: a payload of a million empty objects would cost a hundred times
 * what it takes to send. `text` is UTF-8; `field` names it in errors. Errors: InvalidInput.
 */
export function readRawObject(text: Buffer, field: string): RawObject {
  const slices = new Map<string, Buffer>();
  let tooDeep: string | undefined;
  let repeated: string | undefined;
  let count = 0;
  const scan = scanJson(text, ({ keyStart, keyEnd, start, end, depth }) => {
    count += 1;
    if (count > membersMax) throw invalidField(field, `must have at most ${membersMax} members`);
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
  return { names: [...slices.keys()], raw: (name) => slices.get(name), value: (name) => readMember(slices, name) };
}

function readMember(slices: ReadonlyMap<string, Buffer>, name: string): unknown {
  const text = slices.get(name);
  if (text === undefined) return undefined;
  if (text.byteLength > memberBytesMax) {
    const message = `${name}: must have at most ${memberBytesMax} bytes, has ${text.byteLength}`;
    throw new DomainError("PayloadTooLarge", message, { field: name });
  }
  return JSON.parse(text.toString("utf8"));
}

/** Of one object; no request has so many. */
const membersMax = 100;
/** Of a member that is no payload; metadata, whose texts have at most 64 KiB, may need more for its escapes. */
const memberBytesMax = 128 * 1024;

/** A member that no request has may be called anything. */
const memberNameMax = 100;

/** Where the text begins, after blanks. */
function firstMark(text: Buffer): number {
  let at = 0;
  while (at < text.length && (text[at] as number) <= 0x20) at += 1;
  return at;
}
