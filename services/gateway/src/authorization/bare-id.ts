import { isUuid, parseExecutionId } from "@flovyn/domain";

/**
 * An id as policies write it: a bare UUID in lower case, whichever form a request has (`{fp:3}:<uuid>`, `id:<uuid>`).
 * Undefined for a name or a key, which is no id: what it stands for is known to the database alone.
 */
export function bareId(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const plain = text.startsWith("id:") ? text.slice(3) : text;
  if (isUuid(plain)) return plain.toLowerCase();
  try {
    return parseExecutionId(plain, "id").id.toLowerCase();
  } catch {
    return undefined;
  }
}
