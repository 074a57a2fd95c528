import { waitFor } from "@flovyn/testing";
import { expect } from "vitest";
import type { Cluster } from "./cluster.js";

/**
 * SQL for an id inside the data of an event. Read from the text, because a payload beside it may hold what Postgres refuses
 * to read as JSON, as "\\u0000".
 */
export function idIn(event: string, key: string): string {
  return `substring(convert_from(${event}.event_data, 'UTF8') from '"${key}":"([0-9a-f-]{36})"')`;
}

/** What holds for all timers, promises, signals and children, and for the histories that tell of them. */
export async function expectWaitsConsistent(cluster: Cluster): Promise<void> {
  const owing =
    "select id, status, owes_parent, owes_members from workflow_execution where owes_parent or owes_members";
  await waitFor("ends to be told and members to be cancelled", async () => {
    // The sweep leaves young debts to the replica that made them.
    cluster.clock.advance(1_000);
    return (await cluster.rows(owing)).length === 0;
  });
  for (const [what, text] of Object.entries(broken)) expect(await cluster.rows(text), what).toEqual([]);
}

const ended = "('COMPLETED', 'FAILED', 'CANCELLED')";

/** Each finds rows that must not be. */
const broken: Readonly<Record<string, string>> = {
  "timers and the events of each": `
    with told as (
      select workflow_execution_id, run, convert_from(event_data, 'UTF8')::json ->> 'timerId' as timer_id,
        min(sequence_number) filter (where event_type = 'TIMER_STARTED') as started,
        count(*) filter (where event_type = 'TIMER_STARTED') as starts,
        count(*) filter (where event_type = 'TIMER_FIRED') as fired,
        count(*) filter (where event_type = 'TIMER_CANCELLED') as cancelled,
        max(sequence_number) filter (where event_type <> 'TIMER_STARTED') as over
      from workflow_event where event_type in ('TIMER_STARTED', 'TIMER_FIRED', 'TIMER_CANCELLED') group by 1, 2, 3
    )
    select timer.id, timer.status, told.* from timer full join told using (workflow_execution_id, run, timer_id)
    where timer.id is null or starts is distinct from 1 or started <> created_by_sequence or over < started
      or fired <> (timer.status = 'FIRED')::int or cancelled > (timer.status = 'CANCELLED')::int`,
  "timers that fired early": `
    select id from timer where status = 'FIRED' and ended_at < created_at + duration_ms * interval '1 millisecond'`,
  "promises and the events of each": `
    with told as (
      select workflow_execution_id, run, ${idIn("workflow_event", "promiseId")}::uuid as id,
        min(sequence_number) filter (where event_type = 'PROMISE_CREATED') as created,
        count(*) filter (where event_type = 'PROMISE_CREATED') as creations,
        count(*) filter (where event_type <> 'PROMISE_CREATED') as settlements,
        max(event_type) filter (where event_type <> 'PROMISE_CREATED') as settlement,
        max(sequence_number) filter (where event_type <> 'PROMISE_CREATED') as settled
      from workflow_event
      where event_type in ('PROMISE_CREATED', 'PROMISE_RESOLVED', 'PROMISE_REJECTED', 'PROMISE_TIMEOUT') group by 1, 2, 3
    )
    select promise.id, promise.status, told.* from promise full join told using (workflow_execution_id, run, id)
    where promise.name is null or creations is distinct from 1 or created <> created_by_sequence or settled < created
      or settlements <> (promise.status in ('RESOLVED', 'REJECTED', 'TIMED_OUT'))::int
      or settlement <> case promise.status when 'TIMED_OUT' then 'PROMISE_TIMEOUT' else 'PROMISE_' || promise.status end
      or settled_by_sequence <> settled`,
  "what an ended workflow left open": `
    select execution.id, timer.id, promise.id, task.id from workflow_execution execution
    left join timer on timer.workflow_execution_id = execution.id and timer.status = 'ARMED'
    left join promise on promise.workflow_execution_id = execution.id and promise.status = 'OPEN'
    left join task_execution task on task.workflow_execution_id = execution.id and execution.status = 'CANCELLED'
      and task.status in ('PENDING', 'RUNNING')
    where execution.status in ${ended} and coalesce(timer.id, promise.id, task.id) is not null`,
  "workflows that would not close their timers and promises": `
    select id from workflow_execution where not has_waits and id in (
      select workflow_execution_id from timer union select workflow_execution_id from promise)`,
  "children and what their parents were told, once": `
    with told as (
      select workflow_execution_id as parent_id, ${idIn("workflow_event", "childExecutionId")}::uuid as id,
        count(*) filter (where event_type = 'CHILD_WORKFLOW_INITIATED') as initiations,
        min(sequence_number) filter (where event_type = 'CHILD_WORKFLOW_INITIATED') as initiated,
        count(*) filter (where event_type <> 'CHILD_WORKFLOW_INITIATED') as ends,
        max(event_type) filter (where event_type <> 'CHILD_WORKFLOW_INITIATED') as last,
        max(sequence_number) filter (where event_type <> 'CHILD_WORKFLOW_INITIATED') as ended_at
      from workflow_event where event_type like 'CHILD_WORKFLOW_%' group by 1, 2
    ), child as (
      select execution.id, execution.status, execution.initiated_sequence, execution.parent_workflow_execution_id as parent_id,
        parent.status in ${ended} as orphan
      from workflow_execution execution join workflow_execution parent on parent.id = execution.parent_workflow_execution_id
      where execution.initiated_sequence is not null
    )
    select child.*, told.* from child full join told using (parent_id, id)
    where child.status is null or initiations is distinct from 1 or initiated <> initiated_sequence
      or ended_at < initiated or ends > 1 or (ends > 0 and child.status not in ${ended})
      or (ends = 0 and child.status in ${ended} and not orphan)
      or last <> case child.status when 'COMPLETED' then 'CHILD_WORKFLOW_COMPLETED' else 'CHILD_WORKFLOW_FAILED' end`,
  "counts of signals": `
    select execution.id, signal_count, count(event.id) from workflow_execution execution
    left join workflow_event event on event.workflow_execution_id = execution.id and event.run = execution.run
      and event_type = 'SIGNAL_RECEIVED'
    group by execution.id having signal_count <> count(event.id)`,
  "ids of signals": `
    select remembered.id from workflow_signal remembered left join workflow_event event
      on event.workflow_execution_id = remembered.workflow_execution_id and event.run = remembered.run
      and event.sequence_number = remembered.sequence_number and event_type = 'SIGNAL_RECEIVED'
    where event.id is null`,
};
