import { payloadJson } from "@flovyn/domain";

/** JSON text in pieces that are joined once, when the answer is complete. */
export interface JsonText {
  readonly pieces: readonly Uint8Array[];
}

export type JsonField = readonly [key: string, value: JsonText | string | number | boolean | null | undefined];

const nullText: JsonText = { pieces: [Buffer.from("null")] };
const comma = Buffer.from(",");
const arrayStart = Buffer.from("[");
const arrayEnd = Buffer.from("]");

/** An object with the keys in the given order; members without a value are left out. */
export function jsonObject(fields: readonly JsonField[]): JsonText {
  const pieces: Uint8Array[] = [];
  let text = "{";
  let first = true;
  for (const [key, value] of fields) {
    if (value === undefined) continue;
    text += `${first ? "" : ","}${JSON.stringify(key)}:`;
    first = false;
    if (value !== null && typeof value === "object") {
      pieces.push(Buffer.from(text), ...value.pieces);
      text = "";
    } else {
      text += JSON.stringify(value);
    }
  }
  pieces.push(Buffer.from(`${text}}`));
  return { pieces };
}

export function jsonArray(items: readonly JsonText[]): JsonText {
  const pieces: Uint8Array[] = [arrayStart];
  items.forEach((item, index) => {
    if (index > 0) pieces.push(comma);
    for (const piece of item.pieces) pieces.push(piece);
  });
  pieces.push(arrayEnd);
  return { pieces };
}

/** A payload as JSON, as events hold it: its bytes, a string where they are not JSON, null where there are none. */
export function jsonPayload(bytes: Uint8Array | undefined): JsonText {
  return bytes === undefined ? nullText : { pieces: [payloadJson(bytes)] };
}

/** JSON that the services made; it is embedded without another look. Empty bytes mean `empty`. */
export function jsonTrusted(bytes: Uint8Array | string, empty: string): JsonText {
  if (bytes.length === 0) return { pieces: [Buffer.from(empty)] };
  return { pieces: [typeof bytes === "string" ? Buffer.from(bytes) : bytes] };
}

export function jsonBytes(text: JsonText): Buffer {
  return Buffer.concat(text.pieces);
}
