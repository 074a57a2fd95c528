import { type SQL, sql } from "drizzle-orm";

/**
 * Where a row is in a list that is ordered by the time of creation and the id. The time has the precision that Postgres
 * keeps; a place of whole milliseconds would skip or repeat the rows of the same one.
 */
export interface ListPlace {
  /** Microseconds since 1970, in decimal digits. */
  createdAtUs: string;
  id: string;
}

/** A time column as `ListPlace` has it. */
export function microsecondsOf(column: SQL): SQL {
  return sql`(extract(epoch from ${column}) * 1000000)::bigint::text`;
}

/**
 * Microseconds since 1970 as a timestamptz, exactly; without them the bound that every time is within. A bound that is always
 * there keeps the comparison with a row a range of the index, which `is null or` would not be.
 */
export function instantOr(bound: "infinity" | "-infinity", microseconds: SQL): SQL {
  return sql`coalesce(timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond', ${sql.raw(`'${bound}'`)}::timestamptz)`;
}

export const leastId = sql.raw("'00000000-0000-0000-0000-000000000000'::uuid");
export const greatestId = sql.raw("'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid");
