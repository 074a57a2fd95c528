import { mutate } from "./hostile-values.js";
import type { Random } from "./random.js";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const types = {
  ...{ data: 0, headers: 1, priority: 2, reset: 3, settings: 4, push: 5, ping: 6, goAway: 7, window: 8 },
  continuation: 9,
} as const;
const [endStream, endHeaders] = [1, 4];

/** The bytes of a connection that no client opens: HTTP/2 in a wrong order, of wrong sizes, too often, or no HTTP/2. */
export function hostileConnection(random: Random, call: { path: string; key: string }): Buffer {
  const sequence = random.oneOf(sequences)(random, call);
  const bytes = random.chance(10) ? sequence : Buffer.concat([preface, frame(types.settings, 0, 0), sequence]);
  return random.chance(40) ? mutate(random, bytes) : bytes;
}

type Sequence = (random: Random, call: { path: string; key: string }) => Buffer;

const sequences: readonly [Sequence, ...Sequence[]] = [
  (random) => random.bytes(random.below(500)),
  (random, call) =>
    Buffer.concat([
      head(call, 1, endHeaders),
      frame(types.data, random.below(256), 1, random.bytes(random.below(200))),
    ]),
  // A message in as many pieces as there are bytes, or that never ends.
  (random, call) =>
    Buffer.concat([
      head(call, 1, endHeaders),
      ...Array.from({ length: random.below(100) }, () => frame(types.data, 0, 1, random.bytes(1))),
    ]),
  (random) =>
    frame(types.settings, 0, 0, Buffer.concat(Array.from({ length: random.below(100) }, () => random.bytes(6)))),
  // A head that never ends.
  (random, call) =>
    Buffer.concat([
      head(call, 1, 0),
      ...Array.from({ length: random.below(60) }, () =>
        frame(types.continuation, 0, 1, field("x-more", "y".repeat(100))),
      ),
    ]),
  (random) => Buffer.concat(Array.from({ length: random.below(500) }, () => frame(types.ping, 0, 0, random.bytes(8)))),
  // Calls that are taken back at once.
  (random, call) =>
    Buffer.concat(
      Array.from({ length: random.below(300) }, (_, index) =>
        Buffer.concat([head(call, index * 2 + 1, endHeaders), frame(types.reset, 0, index * 2 + 1, Buffer.alloc(4))]),
      ),
    ),
  // Calls without a key, all open.
  (random, { path }) =>
    Buffer.concat(Array.from({ length: random.below(300) }, (_, index) => head({ path, key: "" }, index * 2 + 1, 4))),
  (random) => frame(types.window, 0, random.below(3), number(random.oneOf([0, 1, 0x7fffffff, 0xffffffff]))),
  (random, call) => head(call, random.oneOf([0, 2, 0x7fffffff, 4]), endHeaders | endStream),
  (random) => frame(types.data, random.below(256), random.oneOf([0, 1, 2, 77]), random.bytes(random.below(100))),
  (random) => frame(types.priority, 0, 1, Buffer.concat([number(1), random.bytes(1)])),
  (_random, call) =>
    Buffer.concat([frame(types.push, endHeaders, 1, number(2)), head(call, 1, endHeaders | endStream)]),
  (random) => frame(types.goAway, 0, 0, random.bytes(random.below(64))),
  (random) => frame(random.below(256), random.below(256), random.below(8), random.bytes(random.below(100))),
  // More than a frame may have, and less than it says.
  (random) => Buffer.concat([frameHead(0xffffff, random.below(10), 0, 1), random.bytes(random.below(100))]),
];

function head({ path, key }: { path: string; key: string }, stream: number, flags: number): Buffer {
  const fields = [
    field(":method", "POST"),
    field(":scheme", "http"),
    field(":path", path),
    field(":authority", "a"),
    field("content-type", "application/grpc"),
    field("te", "trailers"),
    ...(key === "" ? [] : [field("authorization", `Bearer ${key}`)]),
  ];
  return frame(types.headers, flags, stream, Buffer.concat(fields));
}

/** One header, literally, in no table (RFC 7541 §6.2.2). Names and values are shorter than 127 characters. */
function field(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([frameHead(payload.byteLength, type, flags, stream), payload]);
}

function frameHead(length: number, type: number, flags: number, stream: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUIntBE(length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  return bytes;
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
