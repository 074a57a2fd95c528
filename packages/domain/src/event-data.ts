import { isJson } from "./limits.js";

/** Bytes of a JSON document that go into event data exactly as they came. */
export interface RawJson {
  readonly raw: Uint8Array;
}

/** Marks a payload for verbatim embedding. Empty bytes and bytes that are not JSON are embedded as `null`. */
export function rawJson(bytes: Uint8Array): RawJson {
  return { raw: bytes };
}

export type EventField = readonly [key: string, value: RawJson | string | number | boolean | null | undefined];

const nullText = Buffer.from("null");

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
      pieces.push(Buffer.from(text), value.raw.byteLength > 0 && isJson(value.raw) ? value.raw : nullText);
      text = "";
    } else {
      text += JSON.stringify(value);
    }
  }
  pieces.push(Buffer.from(`${text}}`));
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
}
