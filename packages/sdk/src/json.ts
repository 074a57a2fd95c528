import { readThrown } from "./thrown/read-thrown.js";

/** Payloads are UTF-8 JSON text. `undefined` has no JSON form and travels as `null`. */

const nullBytes = Buffer.from("null");

/** Errors: TypeError naming `what` when the value has no JSON form. */
export function encodeJson(value: unknown, what: string): Buffer {
  if (value === undefined || value === null) return nullBytes;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new TypeError(`${what} cannot be written as JSON: ${readThrown(cause).text}`, { cause });
  }
  if (text === undefined) throw new TypeError(`${what} cannot be written as JSON: it is a ${typeof value}`);
  return Buffer.from(text);
}

/** Empty bytes, and bytes that are not JSON, read as `null`. */
export function decodeJson(bytes: Uint8Array): unknown {
  if (bytes.byteLength === 0) return null;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch {
    return null;
  }
}
