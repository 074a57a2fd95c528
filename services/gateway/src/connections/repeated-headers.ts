import { type DomainError, invalidField } from "@flovyn/domain";

/**
 * Headers that say who calls, for whom, or where a request ends. Libraries keep the first or the last of several, and not
 * every proxy in front keeps the same one: what it checked would not be what is believed here.
 */
const single: ReadonlySet<string> = new Set([
  ...["authorization", "host", ":authority", "x-request-id", "grpc-timeout"],
  ...["content-length", "content-type", "transfer-encoding"],
]);
/** All of ours are read as one value. */
const ownPrefix = "flovyn-";

/** The first header of a request that has to be sent once and was sent again. Names and values take turns, as they arrived. */
export function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (!single.has(name) && !name.startsWith(ownPrefix)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** What a request with such a header ends with. */
export function headerRepeated(name: string): DomainError {
  return invalidField(name, "must be sent once", { reason: "REPEATED_HEADER" });
}
