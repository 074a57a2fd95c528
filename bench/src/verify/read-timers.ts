import type pg from "pg";
import type { TimerFacts } from "./check-timers.js";

/** All timers of the workflows of a queue with the events that name them. */
export async function readTimers(client: pg.Client, queue: string): Promise<TimerFacts[]> {
  const { rows } = await client.query<TimerFacts>(
    `with workflow as (select id from workflow_execution where queue = $1),
     armed as (
       select timer.workflow_execution_id as workflow_id, timer.timer_id, timer.status, timer.fire_at, timer.duration_ms
       from timer join workflow on workflow.id = timer.workflow_execution_id
     ),
     event as (
       select workflow.id as workflow_id, event.event_type, event.created_at,
         convert_from(event.event_data, 'UTF8')::json ->> 'timerId' as timer_id
       from workflow_event event join workflow on workflow.id = event.workflow_execution_id
       where event.event_type in ('TIMER_STARTED', 'TIMER_FIRED')
     )
     select workflow_id || '/' || timer_id as name,
       min(status) as status,
       min(${milliseconds("fire_at")}) as "dueAt",
       min(duration_ms)::float8 as "durationMs",
       (count(*) filter (where event_type = 'TIMER_STARTED'))::int as started,
       min(${milliseconds("created_at")}) filter (where event_type = 'TIMER_STARTED') as "startedAt",
       (count(*) filter (where event_type = 'TIMER_FIRED'))::int as fired,
       min(${milliseconds("created_at")}) filter (where event_type = 'TIMER_FIRED') as "firedAt"
     from armed full join event using (workflow_id, timer_id)
     group by workflow_id, timer_id`,
    [queue],
  );
  return rows;
}

/** Microseconds, the precision of a timestamp, are exact in a double. */
function milliseconds(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}
