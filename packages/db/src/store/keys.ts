import { newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface TakeKey {
  id: string;
  orgId: string;
  key: string;
  workflowId: string | null;
  taskId: string | null;
  promiseId: string | null;
  expiresAt: number;
  /** Kind of the execution that wants the key; empty for a promise. */
  kind: string;
}

const takeMany = statement<{ org_id: string; key: string }>()(
  "keys.takeMany",
  {
    params: ["now", "replaceable"],
    sets: {
      wanted: {
        id: "uuid",
        orgId: "uuid",
        key: "text",
        workflowId: "uuid",
        taskId: "uuid",
        promiseId: "uuid",
        expiresAt: "timestamptz",
      },
    },
  },
  ({ param, time, rows }) => sql`
    insert into idempotency_key as taken (id, org_id, key, workflow_execution_id, task_execution_id, promise_id,
      expires_at, created_at)
    select id, "orgId", key, "workflowId", "taskId", "promiseId", "expiresAt", ${time("now")} from ${rows("wanted")}
    order by "orgId", key
    on conflict (org_id, key) do update set
      id = excluded.id, workflow_execution_id = excluded.workflow_execution_id,
      task_execution_id = excluded.task_execution_id, promise_id = excluded.promise_id,
      expires_at = excluded.expires_at, created_at = excluded.created_at
      where taken.expires_at <= ${time("now")} or taken.workflow_execution_id = any(${param("replaceable")}::uuid[])
    returning org_id, key`,
);

/**
 * Takes keys that are free, expired, or held by one of the `replaceable` workflows, in key order so that concurrent batches cannot deadlock, and returns the taken
 * ones as `org/key`. A key that is missing from the answer is held by something else: read it with `findKeys`.
 * Each (org, key) may occur once.
 */
export async function takeKeys(
  tx: Executor,
  params: { now: number; wanted: readonly TakeKey[]; replaceable?: readonly string[] },
): Promise<Set<string>> {
  const rows = await takeMany.run(tx, { replaceable: [], ...params });
  return new Set(rows.map((row) => `${row.org_id}/${row.key}`));
}

export interface HeldKey {
  workflowId: string | null;
  taskId: string | null;
  promiseId: string | null;
  /** Kind of the execution that holds the key. */
  kind: string | null;
  expiresAtMs: number;
}

const findMany = statement<{
  org_id: string;
  key: string;
  workflow_execution_id: string | null;
  task_execution_id: string | null;
  promise_id: string | null;
  kind: string | null;
  expires_at: Date;
}>()(
  "keys.findMany",
  { params: [], sets: { wanted: { orgId: "uuid", key: "text" } } },
  ({ rows }) => sql`
    select held.org_id, held.key, held.workflow_execution_id, held.task_execution_id,
      held.promise_id, held.expires_at, coalesce(workflow.kind, task.kind) as kind
    from ${rows("wanted")}
    join idempotency_key held on held.org_id = "orgId" and held.key = wanted.key
    left join workflow_execution workflow on workflow.id = held.workflow_execution_id
    left join task_execution task on task.id = held.task_execution_id`,
);

/** Who holds the keys, by `org/key`. */
export async function findKeys(
  tx: Executor,
  wanted: readonly { orgId: string; key: string }[],
): Promise<Map<string, HeldKey>> {
  const rows = await findMany.run(tx, { wanted });
  return new Map(
    rows.map((row) => [
      `${row.org_id}/${row.key}`,
      {
        workflowId: row.workflow_execution_id,
        taskId: row.task_execution_id,
        promiseId: row.promise_id,
        kind: row.kind,
        expiresAtMs: row.expires_at.getTime(),
      },
    ]),
  );
}

/**
 * Takes the keys that are free or expired and tells, by `org/key`, who holds each of them after this: the execution that
 * wanted it, or the one that had it before. Each (org, key) may occur once. `freed` are keys that the transaction may free
 * later; they are locked with the others, in one order, and stay with their holders.
 */
export async function holdKeys(
  tx: Executor,
  params: { now: number; wanted: readonly TakeKey[]; freed?: readonly TakeKey[] },
): Promise<Map<string, HeldKey>> {
  const { now, wanted, freed = [] } = params;
  if (wanted.length + freed.length === 0) return new Map();
  const names = new Set(wanted.map(({ orgId, key }) => `${orgId}/${key}`));
  const locked = freed.filter(({ orgId, key }) => !names.has(`${orgId}/${key}`));
  const taken = await takeKeys(tx, { now, wanted: [...wanted, ...locked] });
  // A key that is to be freed and could be taken is free already: it ran out, or somebody freed it after it was found.
  const free = locked.filter(({ orgId, key }) => taken.has(`${orgId}/${key}`));
  if (free.length > 0)
    await giveBackKeys(
      tx,
      free.map(({ id }) => id),
    );
  const refused = wanted.filter(({ orgId, key }) => !taken.has(`${orgId}/${key}`));
  const holders = refused.length === 0 ? new Map<string, HeldKey>() : await findKeys(tx, refused);
  for (const { orgId, key, workflowId, taskId, promiseId, kind, expiresAt } of wanted) {
    const name = `${orgId}/${key}`;
    if (taken.has(name)) holders.set(name, { workflowId, taskId, promiseId, kind, expiresAtMs: expiresAt });
  }
  return holders;
}

const findOf = statement<{
  org_id: string;
  key: string;
  workflow_execution_id: string | null;
  task_execution_id: string | null;
  promise_id: string | null;
  expires_at: Date;
}>()(
  "keys.findOf",
  { params: ["workflowIds"] },
  ({ param }) => sql`
    with held as (
      select id from idempotency_key where workflow_execution_id = any(${param("workflowIds")}::uuid[])
      union all
      select idempotency_key.id from task_execution task join idempotency_key on task_execution_id = task.id
      where task.workflow_execution_id = any(${param("workflowIds")}::uuid[])
      union all
      select idempotency_key.id from promise join idempotency_key on promise_id = promise.id
      where promise.workflow_execution_id = any(${param("workflowIds")}::uuid[])
    )
    select org_id, key, workflow_execution_id, task_execution_id, promise_id, expires_at
    from idempotency_key where id in (select id from held)`,
);

/**
 * The keys of locked workflows, of their tasks and of their promises: what their end may free. A transaction that frees them
 * by several statements, or after it took others, locks them all at once before, in the one order of keys (`holdKeys`,
 * `lockKeysOf`). Else two of them could wait for each other.
 */
export async function findKeysOf(tx: Executor, workflowIds: readonly string[]): Promise<TakeKey[]> {
  if (workflowIds.length === 0) return [];
  return (await findOf.run(tx, { workflowIds })).map((row) => ({
    id: newId(),
    orgId: row.org_id,
    key: row.key,
    workflowId: row.workflow_execution_id,
    taskId: row.task_execution_id,
    promiseId: row.promise_id,
    expiresAt: row.expires_at.getTime(),
    kind: "",
  }));
}

/** Locks what the end of locked workflows may free. */
export async function lockKeysOf(tx: Executor, params: { now: number; workflowIds: readonly string[] }): Promise<void> {
  await holdKeys(tx, { now: params.now, wanted: [], freed: await findKeysOf(tx, params.workflowIds) });
}

const deleteOfWorkflows = statement<never>()(
  "keys.deleteOfWorkflows",
  { params: ["ids"] },
  ({ param }) => sql`
    with released as (
      select id from idempotency_key where workflow_execution_id = any(${param("ids")}::uuid[])
      order by org_id, key for update
    )
    delete from idempotency_key using released where idempotency_key.id = released.id`,
);

/**
 * Frees the keys of failed and cancelled workflows, so that a caller can start anew. Keys are locked in the order in which
 * `takeKeys` takes them.
 */
export async function deleteKeysOfWorkflows(tx: Executor, ids: readonly string[]): Promise<void> {
  await deleteOfWorkflows.run(tx, { ids });
}

const deleteOfTasks = statement<never>()(
  "keys.deleteOfTasks",
  { params: ["ids"] },
  ({ param }) => sql`
    with released as (
      select id from idempotency_key where task_execution_id = any(${param("ids")}::uuid[])
      order by org_id, key for update
    )
    delete from idempotency_key using released where idempotency_key.id = released.id`,
);

/** Frees the keys of failed and cancelled tasks, in the same order. */
export async function deleteKeysOfTasks(tx: Executor, ids: readonly string[]): Promise<void> {
  await deleteOfTasks.run(tx, { ids });
}

const giveBack = statement<never>()(
  "keys.giveBack",
  { params: ["ids"] },
  ({ param }) => sql`
    with released as (
      select id from idempotency_key where id = any(${param("ids")}::uuid[]) order by org_id, key for update
    )
    delete from idempotency_key using released where idempotency_key.id = released.id`,
);

/** Gives keys back that this transaction took and does not need after all. */
export async function giveBackKeys(tx: Executor, ids: readonly string[]): Promise<void> {
  await giveBack.run(tx, { ids });
}

const deleteExpired = statement<{ id: string }>()(
  "keys.deleteExpired",
  { params: ["now", "limit"] },
  ({ param, time }) => sql`
    delete from idempotency_key where id in (
      select id from idempotency_key where expires_at <= ${time("now")}
      order by expires_at limit ${param("limit")}::int for update skip locked)
    returning id`,
);

/** Removes one batch of expired keys; returns how many. */
export async function deleteExpiredKeys(tx: Executor, params: { now: number; limit: number }): Promise<number> {
  return (await deleteExpired.run(tx, params)).length;
}
