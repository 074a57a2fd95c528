import { DomainError } from "@flovyn/domain";

/** Reads a message that the gateway itself must understand. Errors: InvalidInput. */
export function decodeRequest<Message>(
  codec: { decode(bytes: Uint8Array): Message },
  bytes: Uint8Array,
  name: string,
): Message {
  try {
    return codec.decode(bytes);
  } catch (cause) {
    throw new DomainError("InvalidInput", `the request is not a ${name}`, { cause });
  }
}
