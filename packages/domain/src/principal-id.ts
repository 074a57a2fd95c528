/** Before the ids of callers that the server makes up: bearers of promise tokens, callers without a key, the gateway. */
export const internalPrincipalPrefix = "flovyn:";
/** Before the ids of worker tokens, which callers have that the server knows by them. */
export const tokenPrincipalPrefix = "token:";

/**
 * Whether an id is one that only the server gives. A key of the configuration or a token of an identity provider must not
 * have it: policies, records and limits know principals by their ids.
 */
export function isReservedPrincipalId(id: string): boolean {
  const folded = id.normalize("NFKC").trim().toLowerCase();
  return folded.startsWith(internalPrincipalPrefix) || folded.startsWith(tokenPrincipalPrefix);
}
