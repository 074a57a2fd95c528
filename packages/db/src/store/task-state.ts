import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

/** The task of a state call; every statement here answers "missing" for a task of another org. */
interface TaskKey {
  orgId: string;
  id: string;
}

const get = statement<{ known: boolean; value: Uint8Array | null; found: boolean }>()(
  "taskState.get",
  { params: ["orgId", "id", "key"] },
  ({ param }) => sql`
    select true as known, state.value, state.id is not null as found
    from task_execution task
    left join task_state state on state.task_execution_id = task.id and state.key = ${param("key")}
    where task.id = ${param("id")}::uuid and task.org_id = ${param("orgId")}::uuid`,
);

/** Undefined: no such task. `value` null: no such key. */
export async function getTaskState(
  tx: Executor,
  params: TaskKey & { key: string },
): Promise<{ value: Uint8Array | null } | undefined> {
  const [row] = await get.run(tx, params);
  return row && { value: row.found ? row.value : null };
}

const set = statement<{ id: string }>()(
  "taskState.set",
  { params: ["orgId", "id", "key", "stateId", "value", "now"] },
  ({ param, time }) => sql`
    insert into task_state (id, task_execution_id, key, value, updated_at)
    select ${param("stateId")}::uuid, id, ${param("key")}, ${param("value")}::bytea, ${time("now")}
    from task_execution where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid
    on conflict (task_execution_id, key) do update set value = excluded.value, updated_at = excluded.updated_at
    returning id`,
);

/** False: no such task. */
export async function setTaskState(
  tx: Executor,
  params: TaskKey & { key: string; stateId: string; value: Uint8Array; now: number },
): Promise<boolean> {
  return (await set.run(tx, params)).length > 0;
}

const clear = statement<{ id: string }>()(
  "taskState.clear",
  { params: ["orgId", "id", "key"] },
  ({ param }) => sql`
    with task as (
      select id from task_execution where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid
    ), cleared as (
      delete from task_state using task
      where task_execution_id = task.id and (${param("key")}::text is null or key = ${param("key")}::text)
    )
    select id from task`,
);

/** Clears one key, or all of them when `key` is null; an absent key is fine. False: no such task. */
export async function clearTaskState(tx: Executor, params: TaskKey & { key: string | null }): Promise<boolean> {
  return (await clear.run(tx, params)).length > 0;
}

const keys = statement<{ key: string | null }>()(
  "taskState.keys",
  { params: ["orgId", "id"] },
  ({ param }) => sql`
    select state.key from task_execution task
    left join task_state state on state.task_execution_id = task.id
    where task.id = ${param("id")}::uuid and task.org_id = ${param("orgId")}::uuid
    order by state.key`,
);

/** Keys in ascending order. Undefined: no such task. */
export async function listTaskStateKeys(tx: Executor, params: TaskKey): Promise<string[] | undefined> {
  const rows = await keys.run(tx, params);
  return rows.length === 0 ? undefined : rows.flatMap((row) => (row.key === null ? [] : [row.key]));
}
