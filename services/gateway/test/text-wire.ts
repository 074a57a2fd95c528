/** Arbitrary wire bytes of the texts of a message: any of its fields, in any order, each as often as it comes. */
import type { FieldShape, MessageShape } from "@flovyn/proto/wire";
import fc from "fast-check";

export function textWire(shape: MessageShape, texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  const known = [...shape.fields.values()].filter(({ type, map }) => type === "text" || (type === "message" && !map));
  if (known.length === 0) return fc.constant(Buffer.alloc(0));
  const field = fc
    .constantFrom(...known)
    .chain((one) => valueOfField(one, texts).map((value) => delimited(one, value)));
  return fc.array(field, { maxLength: 8 }).map((fields) => Buffer.concat(fields));
}

function valueOfField({ message }: FieldShape, texts: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return message === undefined ? texts.map((text) => Buffer.from(text)) : textWire(message, texts);
}

function delimited({ number }: FieldShape, value: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
