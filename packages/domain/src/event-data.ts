import { isUtf8 } from "node:buffer";
import { isJson, payloadBytesMax } from "./limits.js";

/** Bytes of a JSON document that go into event data exactly as they came. */
export interface RawJson {
  readonly raw: Uint8Array;
}

/** Marks a payload for verbatim embedding. What is not JSON is embedded as a string, see `payloadJson`. */
export function rawJson(bytes: Uint8Array): RawJson {
  return { raw: bytes };
}

export type EventField = readonly [key: string, value: RawJson | string | number | boolean | null | undefined];

const nullText = Buffer.from("null");

/**
 * A payload as JSON: the bytes themselves where they are JSON. Other text becomes a string of it, other bytes a string of their
 * base64. No bytes are `null`, and so is a string that would be larger than a payload may be: readers take no larger answers.
 */
export function payloadJson(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength === 0) return nullText;
  if (isJson(bytes)) return bytes;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(JSON.stringify(view.toString(isUtf8(bytes) ? "utf8" : "base64")));
  return text.byteLength > payloadBytesMax ? nullText : text;
}

/**
 * The UTF-8 JSON text of one event object, keys in the given order, undefined values left out.
 * Payloads are spliced, never parsed and printed again: 64-bit integers and `1.0` survive.
 */
export function eventData(fields: readonly EventField[]): Buffer {
  const pieces: Uint8Array[] = [];
  let text = "{";
  let first = true;
  for (const [key, value] of fields) {
    if (value === undefined) continue;
    text += `${first ? "" : ","}${JSON.stringify(key)}:`;
    first = false;
    if (value !== null && typeof value === "object") {
      pieces.push(Buffer.from(text), payloadJson(value.raw));
      text = "";
    } else {
      text += JSON.stringify(value);
    }
  }
  pieces.push(Buffer.from(`${text}}`));
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}
