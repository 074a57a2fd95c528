import type pg from "pg";
import type { WakeName } from "../load/job.js";
import type { WakeFacts } from "./check-wakes.js";

const events: Readonly<Record<WakeName, { type: string; value: string }>> = {
  signal: { type: "SIGNAL_RECEIVED", value: "signalValue" },
  promise: { type: "PROMISE_RESOLVED", value: "value" },
};

/** Counts the events that woke workflows of a queue by what they carry. */
export async function readWakes(
  client: pg.Client,
  { queue, wake, wakesPerWorkflow }: { queue: string; wake: WakeName; wakesPerWorkflow: number },
): Promise<WakeFacts> {
  const { rows } = await client.query<WakeFacts>(
    `select count(*)::int as events,
       count(distinct (workflow_execution_id, part))::int as different,
       (count(*) filter (where part is null or part < 0 or part >= $4))::int as strange
     from (
       select event.workflow_execution_id, (convert_from(event.event_data, 'UTF8')::json -> $3 ->> 'part')::int as part
       from workflow_event event join workflow_execution workflow on workflow.id = event.workflow_execution_id
       where workflow.queue = $1 and event.event_type = $2
     ) wakes`,
    [queue, events[wake].type, events[wake].value, wakesPerWorkflow],
  );
  return rows[0] ?? { events: 0, different: 0, strange: 0 };
}
