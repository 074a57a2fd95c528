/** An id that a caller named. Of a null org it is looked for in all of them: sweeps have no caller. */
export interface NamedId {
  orgId: string | null;
  id: string;
}

/** The row set in which named ids travel. */
export const namedIdRows = { namedId: "uuid", orgId: "uuid" } as const;

/** The rows of the set; what is named twice is locked once. */
export function toNamedIdRows<Named extends NamedId>(
  named: readonly Named[],
): { namedId: string; orgId: Named["orgId"] }[] {
  const rows = new Map(named.map(({ orgId, id }) => [`${orgId}/${id}`, { namedId: id, orgId }]));
  return [...rows.values()];
}

/** An id that an org wants to give to something new, and the one it gets where another org has the first. */
export interface WantedId {
  orgId: string;
  id: string;
  substitute: string;
}

/** The row set in which wanted ids travel. */
export const wantedIdRows = { id: "uuid", orgId: "uuid", substitute: "uuid" } as const;
