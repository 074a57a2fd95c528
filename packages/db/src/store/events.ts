import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface StoredEvent {
  sequence: number;
  type: string;
  data: Uint8Array;
  createdAtMs: number;
}

interface EventColumns {
  sequence_number: number;
  event_type: string;
  event_data: Uint8Array;
  created_at: Date;
}

function toStoredEvent(row: EventColumns): StoredEvent {
  return {
    sequence: row.sequence_number,
    type: row.event_type,
    data: row.event_data,
    createdAtMs: row.created_at.getTime(),
  };
}

const list = statement<EventColumns>()(
  "events.list",
  { params: ["orgId", "workflowId", "after", "limit"] },
  ({ param }) => sql`
    select sequence_number, event_type, event_data, event.created_at
    from workflow_execution execution
    join workflow_event event on event.workflow_execution_id = execution.id and event.run = execution.run
    where execution.id = ${param("workflowId")}::uuid and execution.org_id = ${param("orgId")}::uuid
      and sequence_number > ${param("after")}::int
    order by sequence_number limit ${param("limit")}::bigint`,
);

/**
 * Events of the current run after a sequence, ascending; `limit` null means all. Empty also when the execution is missing
 * or of another org: every execution has event 1, so with `after` 0 that is what an empty answer means.
 */
export async function listEvents(
  tx: Executor,
  params: { orgId: string; workflowId: string; after: number; limit: number | null },
): Promise<StoredEvent[]> {
  return (await list.run(tx, params)).map(toStoredEvent);
}

export interface ShortHistory {
  partitionKey: number;
  /** Number of events of the current run. */
  length: number;
  /** Undefined when the history is longer than `lengthMax`: read it with `listEvents`. */
  events: StoredEvent[] | undefined;
}

const listMany = statement<Partial<EventColumns> & { id: string; partition_key: number; current_sequence: number }>()(
  "events.listMany",
  { params: ["lengthMax"], sets: { wanted: { orgId: "uuid", workflowId: "uuid" } } },
  ({ param, rows }) => sql`
    select execution.id, partition_key, current_sequence, sequence_number, event_type, event_data, event.created_at
    from ${rows("wanted")}
    join workflow_execution execution on execution.id = "workflowId" and execution.org_id = "orgId"
    left join workflow_event event on event.workflow_execution_id = execution.id and event.run = execution.run
      and execution.current_sequence <= ${param("lengthMax")}::int
    order by execution.id, sequence_number`,
);

/** The histories of several executions in one read, by execution id. Missing and foreign ones are missing. */
export async function listShortHistories(
  tx: Executor,
  params: { lengthMax: number; wanted: readonly { orgId: string; workflowId: string }[] },
): Promise<Map<string, ShortHistory>> {
  const histories = new Map<string, ShortHistory>();
  for (const row of await listMany.run(tx, params)) {
    let history = histories.get(row.id);
    if (history === undefined) {
      const events = row.sequence_number === null ? undefined : [];
      history = { partitionKey: row.partition_key, length: row.current_sequence, events };
      histories.set(row.id, history);
    }
    if (history.events !== undefined) history.events.push(toStoredEvent(row as EventColumns));
  }
  return histories;
}
