import { type SQL, sql } from "drizzle-orm";

/**
 * The size of the history of an execution's current run, in bytes of event data. Rows that were written before the column
 * existed hold null, and their events are summed: lengths are read, not payloads.
 */
export function historyBytesOf(execution: string): SQL {
  return sql.raw(`coalesce(${execution}.history_bytes, (select coalesce(sum(octet_length(sized.event_data)), 0)
    from workflow_event sized where sized.workflow_execution_id = ${execution}.id and sized.run = ${execution}.run))`);
}
