/** Arbitrary wire bytes of a message type: fields in any order and number, unknown ones, groups, and bytes that are odd. */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import type { FieldShape, MessageShape } from "../src/wire.js";

/** The bytes of fields, and how many elements they are. */
export interface Wire {
  bytes: Uint8Array;
  elements: number;
}

/** Fields that every reader of protobuf takes: those of the type as they should be, and unknown ones. */
export function soundWire(shape: MessageShape, depth = 3): fc.Arbitrary<Wire> {
  const known = [...shape.fields.values()].filter(({ type }) => depth > 0 || type !== "message");
  const field = known.length === 0 ? [] : [fc.constantFrom(...known).chain((each) => soundField(each, depth))];
  return fc.array(fc.oneof(...field, unknownField(shape)), { maxLength: 6 }).map(joined);
}

/** The same with wire types that do not fit, ends of messages in their middle, and lengths that are wrong. */
export function oddWire(shape: MessageShape, depth = 3): fc.Arbitrary<Uint8Array> {
  const known = [...shape.fields.values()];
  const nested = known.filter(({ type }) => depth > 0 && type === "message");
  const parts = [
    soundWire(shape, depth).map(({ bytes }) => bytes),
    fc.constantFrom(Uint8Array.of(0), Uint8Array.of(12), Uint8Array.of(0xff), Uint8Array.of(11), Uint8Array.of(6)),
    fc.uint8Array({ maxLength: 4 }),
    ...(known.length === 0 ? [] : [wrongWireType(known)]),
    ...(nested.length === 0 ? [] : [wrongLength(nested, depth)]),
  ];
  const whole = fc.array(fc.oneof(...parts), { maxLength: 4 }).map((each) => Buffer.concat(each));
  return fc.oneof(whole, cutOff(whole));
}

export function cutOff(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(bytes, fc.nat()).map(([all, at]) => all.subarray(0, all.length === 0 ? 0 : at % all.length));
}

function soundField(field: FieldShape, depth: number): fc.Arbitrary<Wire> {
  if (field.message !== undefined) {
    return soundWire(field.message, depth - 1).map(({ bytes, elements }) => ({
      bytes: tagged(field.number, 2, (writer) => writer.bytes(bytes)),
      elements: elements + 1,
    }));
  }
  const one = anyValue(field).map((write) => ({ bytes: tagged(field.number, field.wireType, write), elements: 1 }));
  return field.packable ? fc.oneof(one, packedField(field)) : one;
}

/** NOTE: an empty run is an element, too: its tag. */
function packedField(field: FieldShape): fc.Arbitrary<Wire> {
  return fc.array(anyValue(field), { maxLength: 5 }).map((values) => {
    const run = new BinaryWriter();
    for (const write of values) write(run);
    return {
      bytes: tagged(field.number, 2, (writer) => writer.bytes(run.finish())),
      elements: Math.max(values.length, 1),
    };
  });
}

type Write = (writer: BinaryWriter) => BinaryWriter;

function anyValue({ type, wireType }: FieldShape): fc.Arbitrary<Write> {
  if (type === "text") {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 4 }), fc.constantFrom("", "\ufeffa", "default"));
    return text.map((value) => (writer) => writer.string(value));
  }
  if (wireType === 0) return fc.nat().map((value) => (writer) => writer.uint32(value));
  if (wireType === 1) return fc.nat().map((value) => (writer) => writer.fixed64(value));
  if (wireType === 5) return fc.nat().map((value) => (writer) => writer.fixed32(value));
  return fc.uint8Array({ maxLength: 6 }).map((value) => (writer) => writer.bytes(value));
}

function unknownField(shape: MessageShape): fc.Arbitrary<Wire> {
  const number = fc.integer({ min: 1, max: 2 ** 29 - 1 }).filter((value) => !shape.fields.has(value));
  const plain = fc.constantFrom<[0 | 1 | 2 | 5, Write]>(
    [0, (writer) => writer.uint64(2 ** 40)],
    [1, (writer) => writer.fixed64(1)],
    [2, (writer) => writer.string("later")],
    [5, (writer) => writer.fixed32(1)],
  );
  const field = fc.tuple(number, plain).map(([n, [type, write]]) => ({ bytes: tagged(n, type, write), elements: 1 }));
  const group = fc.tuple(number, fc.array(field, { maxLength: 3 })).map(([n, fields]) => {
    const { bytes, elements } = joined(fields);
    const end = tagged(n, 4, (writer) => writer);
    return { bytes: Buffer.concat([tagged(n, 3, (writer) => writer), bytes, end]), elements: elements + 1 };
  });
  return fc.oneof(field, group);
}

function wrongWireType(known: readonly FieldShape[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...known), fc.constantFrom(0, 1, 2, 5), fc.uint8Array({ minLength: 1, maxLength: 9 }))
    .map(([{ number }, wireType, rest]) => Buffer.concat([tagged(number, wireType, (writer) => writer), rest]));
}

function wrongLength(nested: readonly FieldShape[], depth: number): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...nested), fc.integer({ min: -3, max: 5 }))
    .chain(([field, off]) =>
      oddWire(field.message as MessageShape, depth - 1).map((bytes) =>
        Buffer.concat([tagged(field.number, 2, (writer) => writer.uint32(Math.max(0, bytes.length + off))), bytes]),
      ),
    );
}

function tagged(number: number, wireType: number, write: Write): Uint8Array {
  return write(new BinaryWriter().uint32(((number << 3) | wireType) >>> 0)).finish();
}

function joined(wires: readonly Wire[]): Wire {
  return {
    bytes: Buffer.concat(wires.map(({ bytes }) => bytes)),
    elements: wires.reduce((sum, { elements }) => sum + elements, 0),
  };
}
