import { type SQL, sql } from "drizzle-orm";

/**
 * When the rows of a set are created: each a microsecond after the one before it, so that what one submission creates is listed
 * and claimed in the order of its commands and no id breaks the tie. The last of 10,000 rows is dated 10 ms ahead.
 */
export function creationTime(now: SQL): SQL {
  return sql`${now} + ("ordinal" - 1) * interval '1 microsecond'`;
}
