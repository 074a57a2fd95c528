import type { ServerHttp2Stream } from "node:http2";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";
import { ownBytes } from "../budgets/own-bytes.js";

/**
 * What is used of a call of grpc-js beyond its public interface: its HTTP/2 stream, the size that a message may have, which
 * is public for a whole server only, and what gathers the pieces of a message. `message-limits.test.ts` and `admission.test.ts` notice when it changes.
 */
interface RawParts {
  readonly stream?: ServerHttp2Stream;
  readonly incomingEncoding?: string;
  /** Of a message after decompression. */
  maxReceiveMessageSize?: number;
  /** Of a message as it is sent. */
  readonly decoder?: Decoder;
}

interface Decoder {
  maxReadMessageLength: number;
  /** 0 between two messages. */
  readonly readState: number;
  readPartialMessage: Buffer[];
  /** Takes the next piece; answers with the messages that end in it. */
  write: (piece: Buffer) => Buffer[];
}

export function streamOf(call: ServerInterceptingCallInterface): ServerHttp2Stream | undefined {
  return (call as unknown as RawParts).stream;
}

/** Whether its messages may be compressed. */
export function isCompressed(call: ServerInterceptingCallInterface): boolean {
  const { incomingEncoding = "identity" } = call as unknown as RawParts;
  return incomingEncoding !== "identity";
}

/** Refuses larger messages of this call, before they are kept and while they are decompressed. */
export function limitMessage(call: ServerInterceptingCallInterface, bytesMax: number): void {
  const parts = call as unknown as RawParts;
  parts.maxReceiveMessageSize = bytesMax;
  if (parts.decoder !== undefined) parts.decoder.maxReadMessageLength = bytesMax;
}

/** Lets the call keep the bytes of its message once, and not the buffers that it was read into. */
export function keepOwnBytes(call: ServerInterceptingCallInterface): void {
  const { decoder } = call as unknown as RawParts;
  if (decoder === undefined) return;
  const write = decoder.write.bind(decoder);
  decoder.write = (piece) => {
    const messages = write(ownBytes(piece));
    // The pieces are in the message now; the library would have them until the call ends.
    if (messages.length > 0 && decoder.readState === 0) decoder.readPartialMessage = [];
    return messages;
  };
}
