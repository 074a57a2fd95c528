import type { Metadata } from "@grpc/grpc-js";
import type { Credentials } from "../auth/authenticate.js";
import { plainAddress } from "../connections/address-block.js";
import { readText } from "./metadata.js";

export interface AnyCall {
  metadata: Metadata;
  getPeer(): string;
}

/** What the metadata of a call and its connection tell of the caller. */
export function readCredentials(call: AnyCall): Credentials {
  return { authorization: readText(call.metadata, "authorization"), address: addressOf(call.getPeer()) };
}

/** `1.2.3.4:5` and `::1:5`, as grpc-js writes them, without the port. */
export function addressOf(peer: string): string {
  const end = peer.lastIndexOf(":");
  return plainAddress(end > 0 ? peer.slice(0, end) : peer);
}
