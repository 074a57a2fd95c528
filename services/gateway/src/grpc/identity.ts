/**
 * Messages pass the gateway as the bytes they arrived in. grpc-js calls a serialiser exactly when it writes a message,
 * and not when the caller is gone already, which is how a reply finds out whether it left.
 */
let written: Buffer | undefined;

export function passResponse(bytes: Buffer): Buffer {
  written = bytes;
  return bytes;
}

export function passRequest(bytes: Buffer): Buffer {
  return bytes;
}

/** Sends a message and tells whether it was written. */
export function sendMessage(send: (error: null, message: Buffer) => void, message: Buffer): boolean {
  written = undefined;
  send(null, message);
  const sent = written === message;
  written = undefined;
  return sent;
}

/** grpc-js copies messages by a method that only Buffer has. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
