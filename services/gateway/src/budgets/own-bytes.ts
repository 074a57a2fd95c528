/**
 * Bytes that may be kept. What arrives is a piece of a buffer of 64 KiB that the socket was read into: keeping a small piece
 * keeps all of it, which no budget counts. So a small piece is copied.
 */
export function ownBytes(bytes: Uint8Array): Buffer {
  if (bytes.byteLength * 2 < bytes.buffer.byteLength) return Buffer.from(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
