import { sql } from "drizzle-orm";

/**
 * Predicates that every row meets. The index of a list has one and the list names it, so that lists alone read the index.
 * Without, Postgres also takes (org_id, created_at, id) for look-ups by org and id: where there are no statistics yet it
 * seems as good as the primary key, and the plan that is kept then walks all rows of the org for each look-up.
 */
export const anyCreation = sql.raw("created_at > '-infinity'");
export const anyPartition = sql.raw("partition_key >= 0");
