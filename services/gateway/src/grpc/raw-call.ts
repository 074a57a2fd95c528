import type { ServerHttp2Stream } from "node:http2";
import type { ServerInterceptingCallInterface } from "@grpc/grpc-js";

/**
 * What is used of a call of grpc-js beyond its public interface: its HTTP/2 stream, and the size that a message may have,
 * which is public for a whole server only. `message-limits.test.ts` and `admission.test.ts` notice when it changes.
 */
interface RawParts {
  readonly stream?: ServerHttp2Stream;
  readonly incomingEncoding?: string;
  /** Of a message after decompression. */
  maxReceiveMessageSize?: number;
  /** Of a message as it is sent. */
  readonly decoder?: { maxReadMessageLength: number };
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
