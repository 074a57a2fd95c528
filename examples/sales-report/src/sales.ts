/** Revenue in cents by product. */
export type Revenue = Record<string, number>;

export interface SalesQuestion {
  stores: string[];
  /** Tasks that are open at one time. */
  storesAtOnce: number;
  /** With more stores missing the report would mislead, so it fails. */
  missingMax: number;
}

export interface SalesReport {
  stores: number;
  revenue: Revenue;
  totalCents: number;
  missing: { store: string; reason: string }[];
}

/** Adds up by product; products in the order of their names, so that equal sums are equal texts. */
export function addRevenue(parts: readonly Revenue[]): Revenue {
  const sum = new Map<string, number>();
  for (const part of parts) {
    for (const [product, cents] of Object.entries(part)) sum.set(product, (sum.get(product) ?? 0) + cents);
  }
  return Object.fromEntries([...sum].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const sampleQuestion: SalesQuestion = {
  stores: [
    "Accra",
    "Bergen",
    "Cusco",
    "Dhaka",
    "Essen",
    "Fukuoka",
    "Graz",
    "Hobart",
    "Izmir",
    "Jaipur",
    "Kigali",
    "Lima",
  ],
  storesAtOnce: 4,
  missingMax: 2,
};
