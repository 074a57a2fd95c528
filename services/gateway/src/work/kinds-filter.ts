/** Which kinds a poller takes. Two filters with the same key take the same kinds. */
export interface KindsFilter {
  /** `any` takes every kind, `none` takes nothing. */
  readonly scope: "any" | "some" | "none";
  readonly kinds: readonly string[];
  readonly key: string;
}

export const anyKind: KindsFilter = { scope: "any", kinds: [], key: "" };
export const noKind: KindsFilter = { scope: "none", kinds: [], key: "" };

/** The filter for a list of kinds; an empty list gives `whenEmpty`. */
export function kindsFilter(kinds: readonly string[], whenEmpty: KindsFilter): KindsFilter {
  if (kinds.length === 0) return whenEmpty;
  const sorted = [...new Set(kinds)].sort();
  return { scope: "some", kinds: sorted, key: JSON.stringify(sorted) };
}
