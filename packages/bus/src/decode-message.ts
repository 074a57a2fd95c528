import { DomainError } from "@flovyn/domain";

/** Reads a message that a caller sent. Errors: InvalidInput when the bytes are not that message. */
export function decodeMessage<Message>(codec: { decode(bytes: Uint8Array): Message }, bytes: Uint8Array): Message {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw new DomainError("InvalidInput", "the request is not a valid protobuf message of its type", { cause });
  }
}
