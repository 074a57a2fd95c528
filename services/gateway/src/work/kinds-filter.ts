/** Which kinds a poller takes; no kinds means any. Two filters with the same key take the same kinds. */
export interface KindsFilter {
  readonly kinds: readonly string[];
  readonly key: string;
}

export const anyKind: KindsFilter = { kinds: [], key: "" };

/** The filter for a list of kinds; an empty list takes any kind. */
export function kindsFilter(kinds: readonly string[]): KindsFilter {
  if (kinds.length === 0) return anyKind;
  const sorted = [...new Set(kinds)].sort();
  return { kinds: sorted, key: JSON.stringify(sorted) };
}
