import type pg from "pg";
import type { QueueFacts } from "./check-queue.js";

/** Counts what the database holds for a queue. */
export async function readQueue(client: pg.Client, queue: string, ids: readonly string[]): Promise<QueueFacts> {
  const counts = async (text: string) => {
    const { rows } = await client.query<{ name: string; count: number }>(text, [queue]);
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  };
  const number = async (text: string, values: unknown[]) => {
    const { rows } = await client.query<{ count: number }>(text, values);
    return rows[0]?.count ?? 0;
  };
  return {
    workflows: await counts(
      "select status as name, count(*)::int as count from workflow_execution where queue = $1 group by status order by status",
    ),
    known: await number(
      "select count(*)::int as count from workflow_execution where queue = $1 and id = any($2::uuid[])",
      [queue, ids],
    ),
    wrongOutputs: await number(
      "select count(*)::int as count from workflow_execution where queue = $1 and output is distinct from input",
      [queue],
    ),
    // Islands: within a row of events of one type, sequence and place among those of the type grow together.
    histories: await counts(
      `select history as name, count(*)::int as count
       from (
         select string_agg(
             case when first < last then first || '-' || last else first::text end || ' ' || event_type, ', ' order by run, first
           ) as history
         from (
           select id, run, event_type, min(sequence_number) as first, max(sequence_number) as last
           from (
             select workflow.id, event.run, event.event_type, event.sequence_number,
               event.sequence_number
                 - row_number() over (partition by workflow.id, event.run, event.event_type order by event.sequence_number)
                 as island
             from workflow_execution workflow left join workflow_event event on event.workflow_execution_id = workflow.id
             where workflow.queue = $1
           ) events
           group by id, run, event_type, island
         ) islands
         group by id
       ) histories
       group by history order by history`,
    ),
    tasks: await counts(
      "select status as name, count(*)::int as count from task_execution where queue = $1 group by status order by status",
    ),
    repeatedTasks: await number(
      `select count(*)::int as count from task_execution task
       where queue = $1 and (execution_count <> 1
         or (select count(*) from task_attempt attempt where attempt.task_execution_id = task.id) <> 1)`,
      [queue],
    ),
  };
}
