import type { Rpc } from "@flovyn/proto/descriptors";
import { hostileBytes, hostileNumber, hostileText, mutate } from "./hostile-values.js";
import type { Random } from "./random.js";

export interface HostileCall {
  rpc: Rpc;
  bytes: Buffer;
  metadata: Record<string, string>;
}

/** A call that no client makes: bytes that are no message, or a message whose members cannot be meant. */
export function hostileCall(random: Random, rpcs: readonly Rpc[], orgId: string): HostileCall {
  const rpc = random.oneOf(rpcs as [Rpc, ...Rpc[]]);
  return { rpc, bytes: bytesFor(random, rpc, orgId), metadata: metadataFor(random) };
}

function bytesFor(random: Random, rpc: Rpc, orgId: string): Buffer {
  if (random.chance(15)) return random.bytes(random.below(300));
  const filled = fill(random, rpc.requestType.decode(new Uint8Array(0)) as Record<string, unknown>, orgId);
  let bytes: Uint8Array;
  try {
    bytes = rpc.requestType.encode(filled as never).finish();
  } catch {
    // The encoder refuses some numbers that the wire could carry.
    return random.bytes(random.below(300));
  }
  return random.chance(50) ? mutate(random, bytes) : Buffer.from(bytes);
}

/** Lists, groups and messages stay as they are: mutations get there by the bytes. */
function fill(random: Random, message: Record<string, unknown>, orgId: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      // Otherwise most calls would end at the check of the org.
      if (name === "orgId" && random.chance(80)) return [name, random.chance(50) ? orgId : ""];
      if (typeof value === "string") return [name, hostileText(random)];
      if (typeof value === "number") return [name, hostileNumber(random)];
      if (value instanceof Uint8Array) return [name, hostileBytes(random)];
      return [name, value];
    }),
  );
}

const keys = [
  "flovyn-poll-hold-ms",
  "flovyn-lease-ms",
  "flovyn-claim-epoch",
  "flovyn-worker-session",
  "traceparent",
  "x-request-id",
  "grpc-timeout",
] as const;

function metadataFor(random: Random): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (let count = random.below(3); count > 0; count--) {
    // Other characters do not leave the client.
    metadata[random.oneOf(keys)] = hostileText(random)
      .replaceAll(/[^\x20-\x7e]/g, "")
      .slice(0, 1000);
  }
  // Given by the client itself, in another form than this.
  delete metadata["grpc-timeout"];
  return metadata;
}
