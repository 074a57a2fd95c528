import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import { historyBytesOf } from "./history-bytes.js";

export interface StoredEvent {
  sequence: number;
  type: string;
  data: Uint8Array;
  createdAtMs: number;
}

interface EventColumns {
  sequence_number: number;
  event_type: string;
  /** Events are JSON text: as text they cost half of what they cost as hexadecimal bytes. */
  event_text: string;
  created_at: Date;
}

function toStoredEvent(row: EventColumns): StoredEvent {
  return {
    sequence: row.sequence_number,
    type: row.event_type,
    data: Buffer.from(row.event_text),
    createdAtMs: row.created_at.getTime(),
  };
}

export interface HistoryFacts {
  partitionKey: number;
  run: number;
  /** Highest sequence, which is the number of events. */
  sequence: number;
  /** Bytes of all event data. */
  historyBytes: number;
}

interface FactColumns {
  id: string;
  partition_key: number;
  run: number;
  current_sequence: number;
  history_bytes: string;
}

function toFacts(row: FactColumns): HistoryFacts {
  const { partition_key: partitionKey, run, current_sequence: sequence, history_bytes } = row;
  return { partitionKey, run, sequence, historyBytes: Number(history_bytes) };
}

export interface EventPage extends HistoryFacts {
  /** Ascending. */
  events: StoredEvent[];
  /** Events follow the last one. */
  more: boolean;
}

const listPage = statement<FactColumns & Partial<EventColumns> & { more: boolean | null }>()(
  "events.listPage",
  { params: ["orgId", "workflowId", "run", "after", "countMax", "bytesMax"] },
  ({ param }) => sql`
    select execution.id, partition_key, run, current_sequence, ${historyBytesOf("execution")} as history_bytes,
      page.*
    from workflow_execution execution
    left join lateral (
      select sequence_number, event_type, convert_from(event_data, 'UTF8') as event_text, created_at,
        following is not null as more
      from (
        select sequence_number, event_type, event_data, created_at,
          sum(octet_length(event_data)) over ascending as bytes, lead(sequence_number) over ascending as following
        from (
          select sequence_number, event_type, event_data, event.created_at from workflow_event event
          where event.workflow_execution_id = execution.id
            and event.run = coalesce(${param("run")}::int, execution.run) and sequence_number > ${param("after")}::int
          order by sequence_number limit ${param("countMax")}::int + 1
        ) as candidate
        window ascending as (order by sequence_number)
      ) as measured
      where bytes <= ${param("bytesMax")}::bigint or bytes = octet_length(event_data)
      order by sequence_number limit ${param("countMax")}::int
    ) as page on true
    where execution.id = ${param("workflowId")}::uuid and execution.org_id = ${param("orgId")}::uuid
    order by sequence_number`,
);

/**
 * Events of a run after a sequence, the current run when `run` is null: at most `countMax`, and no more than `bytesMax`
 * bytes of event data unless the first alone has more. Undefined when the execution is missing or of another org.
 */
export async function listEventPage(
  tx: Executor,
  params: {
    orgId: string;
    workflowId: string;
    run: number | null;
    after: number;
    countMax: number;
    bytesMax: number;
  },
): Promise<EventPage | undefined> {
  const rows = await listPage.run(tx, params);
  const [first] = rows;
  if (first === undefined) return undefined;
  const events = rows.flatMap((row) => (row.sequence_number === null ? [] : [toStoredEvent(row as EventColumns)]));
  return { ...toFacts(first), events, more: rows.at(-1)?.more ?? false };
}

export interface ShortHistory extends HistoryFacts {
  /** Undefined when the history is too long to be read with others: read it with `listEventPage`. */
  events: StoredEvent[] | undefined;
}

const listMany = statement<FactColumns & Partial<EventColumns>>()(
  "events.listMany",
  { params: ["lengthMax", "bytesMax", "bytesTotalMax"], sets: { wanted: { orgId: "uuid", workflowId: "uuid" } } },
  ({ param, rows }) => sql`
    with history as (
      select execution.id, partition_key, run, current_sequence, ${historyBytesOf("execution")} as history_bytes, ordinal
      from ${rows("wanted")}
      join workflow_execution execution on execution.id = "workflowId" and execution.org_id = "orgId"
    ), sized as (
      select history.*, current_sequence <= ${param("lengthMax")}::int and history_bytes <= ${param("bytesMax")}::bigint
        as is_short
      from history
    ), chosen as (
      select sized.*, is_short and sum(history_bytes) filter (where is_short) over (order by ordinal)
        <= ${param("bytesTotalMax")}::bigint as is_read
      from sized
    )
    select chosen.id, partition_key, chosen.run, current_sequence, history_bytes, sequence_number, event_type,
      convert_from(event_data, 'UTF8') as event_text, event.created_at
    from chosen
    left join workflow_event event on event.workflow_execution_id = chosen.id and event.run = chosen.run and is_read
    order by chosen.id, sequence_number`,
);

/**
 * The histories of several executions in one read, by execution id. Those of at most `lengthMax` events and `bytesMax`
 * bytes come with their events, in the given order as long as all together have at most `bytesTotalMax` bytes. Missing and
 * foreign ones are missing.
 */
export async function listShortHistories(
  tx: Executor,
  params: {
    lengthMax: number;
    bytesMax: number;
    bytesTotalMax: number;
    wanted: readonly { orgId: string; workflowId: string }[];
  },
): Promise<Map<string, ShortHistory>> {
  const histories = new Map<string, ShortHistory>();
  for (const row of await listMany.run(tx, params)) {
    let history = histories.get(row.id);
    if (history === undefined) {
      history = { ...toFacts(row), events: row.sequence_number === null ? undefined : [] };
      histories.set(row.id, history);
    }
    if (history.events !== undefined) history.events.push(toStoredEvent(row as EventColumns));
  }
  return histories;
}
