import { createHash } from "node:crypto";

/** Which kinds a poller takes; no kinds means any. Two filters with the same key take the same kinds. */
export interface KindsFilter {
  readonly kinds: readonly string[];
  /** A digest of the kinds; empty for any. */
  readonly key: string;
  /** What the list of kinds keeps in memory. */
  readonly bytes: number;
}

export const anyKind: KindsFilter = { kinds: [], key: "", bytes: 0 };

/** What a text costs beside its characters, of which each may take two bytes. */
const textBytes = 40;

/** The filter for a list of kinds; an empty list takes any kind. */
export function kindsFilter(kinds: readonly string[]): KindsFilter {
  if (kinds.length === 0) return anyKind;
  const sorted = [...new Set(kinds)].sort();
  const key = createHash("sha256").update(JSON.stringify(sorted)).digest("base64");
  return { kinds: sorted, key, bytes: sorted.reduce((sum, kind) => sum + textBytes + 2 * kind.length, 0) };
}
