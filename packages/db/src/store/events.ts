import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface StoredEvent {
  sequence: number;
  type: string;
  data: Uint8Array;
  createdAtMs: number;
}

const list = statement<{ sequence_number: number; event_type: string; event_data: Uint8Array; created_at: Date }>()(
  "events.list",
  { params: ["workflowId", "run", "after", "limit"] },
  ({ param }) => sql`
    select sequence_number, event_type, event_data, created_at from workflow_event
    where workflow_execution_id = ${param("workflowId")}::uuid and run = ${param("run")}::int
      and sequence_number > ${param("after")}::int
    order by sequence_number limit ${param("limit")}::bigint`,
);

/** Events of one run after a sequence, ascending. `limit` null means all. */
export async function listEvents(
  tx: Executor,
  params: { workflowId: string; run: number; after: number; limit: number | null },
): Promise<StoredEvent[]> {
  const rows = await list.run(tx, params);
  return rows.map((row) => ({
    sequence: row.sequence_number,
    type: row.event_type,
    data: row.event_data,
    createdAtMs: row.created_at.getTime(),
  }));
}
