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
  readCompressFlag: Buffer;
  readPartialMessage: Buffer[];
  /** Takes the next piece; answers with the messages that end in it. */
  write: (piece: Buffer) => Buffer[];
}

/** Hears of each piece of a request before it is kept. */
export interface PieceCounter {
  /** False when there is no room for it, and it is not kept. */
  arrived(bytes: number): boolean;
  /** The message has this flag in front, which does not say how it is packed. */
  flagged(flag: number): void;
}

interface CountedDecoder extends Decoder {
  counter?: PieceCounter | undefined;
  /** The largest that the first byte of a message may be: 1 says that it is compressed. */
  flagMax?: 0 | 1;
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

/**
 * Counts the pieces of the messages of a call, and lets it keep their bytes alone, and not the buffers that they were read
 * into. One function for all calls, and no listener of its own, because this happens for each piece of each call.
 */
export function followPieces(call: ServerInterceptingCallInterface, counter: PieceCounter | undefined): void {
  const decoder = (call as unknown as RawParts).decoder as CountedDecoder | undefined;
  if (decoder === undefined) return;
  decoder.counter = counter;
  decoder.flagMax = isCompressed(call) ? 1 : 0;
  decoder.write = writePiece;
}

const noFlag = Buffer.alloc(1);
const none: Buffer[] = [];

function writePiece(this: CountedDecoder, piece: Buffer): Buffer[] {
  if (this.counter?.arrived(piece.byteLength) === false) return none;
  const library = Object.getPrototypeOf(this) as Decoder;
  const messages = library.write.call(this, piece);
  for (const message of messages) {
    const flag = message[0] ?? 0;
    if (flag <= (this.flagMax ?? 0)) continue;
    this.counter?.flagged(flag);
    return none;
  }
  if (this.readState === 0) {
    // The pieces are copied into the message; the library would have them until the call ends.
    if (messages.length > 0) {
      this.readPartialMessage = [];
      this.readCompressFlag = noFlag;
    }
    return messages;
  }
  const pieces = this.readPartialMessage;
  const last = pieces.pop();
  if (last !== undefined) pieces.push(ownBytes(last));
  this.readCompressFlag = ownBytes(this.readCompressFlag);
  return messages;
}
