import { gzipSync } from "node:zlib";

/** A message as gRPC puts it into the stream: flag, length, bytes. */
export function frame(message: Buffer, compressed = false): Buffer {
  return Buffer.concat([frameHead(message.byteLength, compressed), message]);
}

/** Head of a message that says it has so many bytes. */
export function frameHead(length: number, compressed = false): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0, 0);
  head.writeUInt32BE(length, 1);
  return head;
}

export function gzipFrame(message: Buffer): Buffer {
  return frame(gzipSync(message, { level: 1 }), true);
}
