import { expect } from "vitest";
import type { Cluster } from "./cluster.js";
import { expectKeysConsistent } from "./whole-keys.js";
import { expectWaitsConsistent, idIn } from "./whole-waits.js";

/**
 * What holds for every row of a database, whatever happened to it. SP-12: one most recent transition, the same as the
 * status, numbered without gaps. SP-02: ids made by the server are version 7. Histories, attempts and ends agree.
 */
export async function expectConsistent(cluster: Cluster): Promise<void> {
  for (const [table, moves, key] of [
    ["workflow_execution", "workflow_transition", "workflow_execution_id"],
    ["task_execution", "task_transition", "task_execution_id"],
  ]) {
    const wrong = await cluster.rows(`
      select execution.id, execution.status, transition_count, numbered.* from ${table} execution
      left join lateral (
        select count(*)::int as moves, max(sort_key) as last, count(*) filter (where most_recent)::int as recent,
          max(to_state) filter (where most_recent) as latest, max(sort_key) filter (where most_recent) as recent_key,
          count(*) filter (where from_state is distinct from before)::int as broken
        from (select *, lag(to_state) over (order by sort_key) as before from ${moves} where ${key} = execution.id) as chain
      ) as numbered on true
      where latest is distinct from execution.status or recent is distinct from 1 or moves is distinct from last
        or recent_key is distinct from last or transition_count is distinct from last or broken > 0`);
    expect(wrong, `transitions of ${table}`).toEqual([]);
  }
  const histories = await cluster.rows(`
    select execution.id, current_sequence, count(event.id)::int as events, max(sequence_number) as last
    from workflow_execution execution join workflow_event event on event.workflow_execution_id = execution.id
    group by execution.id
    having current_sequence <> count(event.id) or current_sequence <> max(sequence_number)
      or count(*) filter (where event_type in ('WORKFLOW_COMPLETED', 'WORKFLOW_EXECUTION_FAILED', 'WORKFLOW_CANCELLED'))
        <> (execution.status in ('COMPLETED', 'FAILED', 'CANCELLED'))::int`);
  expect(histories, "histories").toEqual([]);
  const sizes = await cluster.rows(`
    select execution.id, history_bytes, sum(octet_length(event_data)) as bytes
    from workflow_execution execution join workflow_event event on event.workflow_execution_id = execution.id
    group by execution.id having history_bytes is distinct from sum(octet_length(event_data))`);
  expect(sizes, "sizes of histories").toEqual([]);
  const attempts = await cluster.rows(`
    select task.id, execution_count, count(attempt.id)::int as ended from task_execution task
    left join task_attempt attempt on attempt.task_execution_id = task.id
    group by task.id having count(attempt.id) <> execution_count - (task.status = 'RUNNING')::int`);
  expect(attempts, "attempts").toEqual([]);
  const order = await cluster.rows(`
    select task.id from task_execution task join workflow_event event
      on event.workflow_execution_id = task.workflow_execution_id and event.event_type in ('TASK_COMPLETED', 'TASK_FAILED')
      and ${idIn("event", "taskExecutionId")} = task.id::text
    group by task.id, scheduled_sequence having min(sequence_number) <= scheduled_sequence or count(*) > 1`);
  expect(order, "pitfall 5: ends of tasks after their scheduling, once").toEqual([]);
  await expectWaitsConsistent(cluster);
  await expectKeysConsistent(cluster);
  const tables = await cluster.rows<{ name: string }>(
    "select table_name as name from information_schema.columns where table_schema = 'public' and column_name = 'id'",
  );
  for (const { name } of tables) {
    const others = await cluster.rows(`select id from ${name} where substr(id::text, 15, 1) <> '7'`);
    expect(others, `SP-02 ids of ${name}`).toEqual([]);
  }
}
