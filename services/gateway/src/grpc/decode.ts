import { decodeMessage } from "@flovyn/bus";

/** Reads a message that the gateway itself must understand, as services read theirs. Errors: InvalidInput. */
export function decodeRequest<Message extends object>(
  codec: { decode(bytes: Uint8Array): Message },
  bytes: Uint8Array,
  name: string,
): Message {
  return decodeMessage(codec, bytes, name);
}
