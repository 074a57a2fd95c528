/** Goal: what a call keeps of its messages is their bytes. Approach: the decoder of the library itself, fed as its server feeds it. */
import { createRequire } from "node:module";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { beforeEach, expect, it } from "vitest";
import { followPieces } from "./raw-call.js";

interface Decoder {
  write: (piece: Buffer) => Buffer[];
  readCompressFlag: Buffer;
  readPartialMessage: Buffer[];
}

const require = createRequire(import.meta.url);
const { StreamDecoder } = require("@grpc/grpc-js/build/src/stream-decoder.js") as {
  StreamDecoder: new (bytesMax: number) => Decoder;
};
/** What a socket was read into, and the frame of a message of 300 bytes in it. */
const read = Buffer.from(new ArrayBuffer(65_536));
const frame = read.subarray(1000, 1305);
let decoder: Decoder;
/** Bytes that a piece may have. */
let free: number;
/** Flags that were complained of. */
let flags: number[];

beforeEach(() => {
  free = Number.POSITIVE_INFINITY;
  flags = [];
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(300, 1);
  frame.fill("m", 5);
  decoder = new StreamDecoder(-1);
  follow("identity");
});

function follow(incomingEncoding: string): void {
  const call = { decoder, incomingEncoding } as unknown as ServerInterceptingCallInterface;
  followPieces(call, { arrived: (bytes) => bytes <= free, flagged: (flag) => flags.push(flag) });
}

it("keeps of an unfinished message its bytes, and not the buffer that it was read into", () => {
  expect(decoder.write(frame.subarray(0, 100))).toEqual([]);
  const kept = [decoder.readCompressFlag, ...decoder.readPartialMessage];
  expect(kept).toHaveLength(2);
  for (const { buffer } of kept) expect(buffer).not.toBe(read.buffer);
});

it("hands out a message whole, and keeps none of its pieces", () => {
  expect(decoder.write(frame.subarray(0, 100))).toEqual([]);
  expect(decoder.write(frame.subarray(100))).toEqual([frame]);
  expect(decoder.readPartialMessage).toEqual([]);
});

it("keeps nothing of the buffer that a whole message was read into", () => {
  const [message] = decoder.write(frame);
  expect(message).toEqual(frame);
  for (const { buffer } of [message as Buffer, decoder.readCompressFlag]) expect(buffer).not.toBe(read.buffer);
});

it("keeps nothing of a piece that there is no room for", () => {
  free = 10;
  expect(decoder.write(frame)).toEqual([]);
  expect(decoder.readPartialMessage).toEqual([]);
});

it("keeps the pieces of a message that begins behind another one", () => {
  expect(decoder.write(Buffer.concat([frame, frame.subarray(0, 50)]))).toEqual([frame]);
  expect(decoder.write(frame.subarray(50))).toEqual([frame]);
});

it("hands out no message whose flag does not say how it is packed", () => {
  const flagged = (flag: number) => {
    frame.writeUInt8(flag, 0);
    return decoder.write(frame).length;
  };
  expect([flagged(1), flagged(2), flagged(255), flags]).toEqual([0, 0, 0, [1, 2, 255]]);
  follow("gzip");
  expect([flagged(1), flagged(2), flags]).toEqual([1, 0, [1, 2, 255, 2]]);
});
