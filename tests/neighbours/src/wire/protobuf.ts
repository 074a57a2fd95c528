/** Protocol buffers written field by field: what no generated encoder writes, such as millions of empty elements. */

/** Wire types. */
export const [varintType, lengthType, groupType] = [0, 2, 3] as const;

/** A number below 2^53. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function tag(fieldNumber: number, wireType: number): Buffer {
  return varint(fieldNumber * 8 + wireType);
}

/** A text, bytes, a message or packed numbers. */
export function lengthField(fieldNumber: number, content: Uint8Array | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([tag(fieldNumber, lengthType), varint(bytes.byteLength), bytes]);
}

export function numberField(fieldNumber: number, value: number): Buffer {
  return Buffer.concat([tag(fieldNumber, varintType), varint(value)]);
}

/** The same bytes again and again, as often as they fit in whole. */
export function repeatedBytes(element: Buffer, bytesMax: number): Buffer {
  const count = Math.floor(bytesMax / element.byteLength);
  return Buffer.alloc(count * element.byteLength, element);
}
