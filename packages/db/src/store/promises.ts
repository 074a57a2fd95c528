import type { DurablePromise, PromiseStatus } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";
import type { DueWait } from "./timers.js";

interface PromiseRow {
  id: string;
  org_id: string;
  workflow_execution_id: string;
  name: string;
  status: PromiseStatus;
  value: Uint8Array | null;
  error: string | null;
  timeout_at: Date | null;
}

const promiseColumns = sql.raw("id, org_id, workflow_execution_id, name, status, value, error, timeout_at");

function toPromise(row: PromiseRow): DurablePromise {
  return {
    id: row.id,
    orgId: row.org_id,
    workflowId: row.workflow_execution_id,
    name: row.name,
    status: row.status,
    value: row.value,
    error: row.error,
    timeoutAtMs: row.timeout_at?.getTime() ?? null,
  };
}

export interface NewPromiseRow {
  id: string;
  orgId: string;
  workflowId: string;
  run: number;
  name: string;
  timeoutAt: number | null;
  createdSequence: number;
}

const insertMany = statement<never>()(
  "promises.insertMany",
  {
    params: ["now"],
    sets: {
      promise: {
        id: "uuid",
        orgId: "uuid",
        workflowId: "uuid",
        run: "int",
        name: "text",
        timeoutAt: "timestamptz",
        createdSequence: "int",
      },
    },
  },
  ({ time, rows }) => sql`
    insert into promise (id, org_id, workflow_execution_id, run, name, status, timeout_at, created_by_sequence, created_at)
    select id, "orgId", "workflowId", run, name, 'OPEN', "timeoutAt", "createdSequence", ${time("now")}
    from ${rows("promise")}`,
);

/** Opens promises of locked workflows. */
export async function insertPromises(
  tx: Executor,
  params: { now: number; promise: readonly NewPromiseRow[] },
): Promise<void> {
  await insertMany.run(tx, params);
}

/** Promises by their own id, or by the workflow and a name. */
export type PromiseRef = { id: string } | { workflowId: string; name: string };

/** A reference, and the org that makes it. */
export interface PromiseRefOf {
  orgId: string;
  ref: PromiseRef;
}

interface WantedPromise {
  orgId: string;
  id: string | null;
  workflowId: string | null;
  name: string | null;
}

const findMany = statement<PromiseRow>()(
  "promises.findMany",
  { params: [], sets: { wanted: { orgId: "uuid", id: "uuid", workflowId: "uuid", name: "text" } } },
  ({ rows }) => sql`
    select ${promiseColumns} from promise where id in (
      select promise.id from ${rows("wanted")} join promise on promise.id = wanted.id and promise.org_id = "orgId"
      union
      select promise.id from ${rows("wanted")}
      join promise on promise.workflow_execution_id = wanted."workflowId" and promise.name = wanted.name
        and promise.org_id = "orgId"
    ) order by created_at, created_by_sequence, id`,
);

/**
 * The promises of their orgs that the references mean, oldest first; those of one submission in the order of its commands.
 * Those of other orgs are missing. Read without locks.
 */
export async function findPromises(tx: Executor, refs: readonly PromiseRefOf[]): Promise<DurablePromise[]> {
  if (refs.length === 0) return [];
  // A name that is asked for twice would be joined with all its promises twice.
  const wanted = new Map<string, WantedPromise>();
  for (const { orgId, ref } of refs) {
    if ("id" in ref) wanted.set(`${orgId}/${ref.id}`, { orgId, id: ref.id, workflowId: null, name: null });
    else wanted.set(`${orgId}/${ref.workflowId}/${ref.name}`, { orgId, id: null, ...ref });
  }
  return (await findMany.run(tx, { wanted: [...wanted.values()] })).map(toPromise);
}

const lockMany = statement<PromiseRow>()(
  "promises.lockMany",
  { params: ["ids"] },
  ({ param }) => sql`
    select ${promiseColumns} from promise where id = any(${param("ids")}::uuid[]) order by id for no key update`,
);

/** Locks promise rows in id order; their workflows are locked before. */
export async function lockPromises(tx: Executor, ids: readonly string[]): Promise<DurablePromise[]> {
  return (await lockMany.run(tx, { ids })).map(toPromise);
}

export interface SettledPromiseRow {
  id: string;
  status: PromiseStatus;
  value: Uint8Array | null;
  error: string | null;
  settledSequence: number | null;
  settledBy: string;
}

const settleMany = statement<never>()(
  "promises.settleMany",
  {
    params: ["now"],
    sets: {
      settled: {
        id: "uuid",
        status: "text",
        value: "bytea",
        error: "text",
        settledSequence: "int",
        settledBy: "text",
      },
    },
  },
  ({ time, rows }) => sql`
    update promise set status = settled.status, value = settled.value, error = settled.error,
      settled_by_sequence = "settledSequence", settled_by = "settledBy", settled_at = ${time("now")}
    from ${rows("settled")} where promise.id = settled.id and promise.status = 'OPEN'`,
);

/** Writes down how locked promises were settled. */
export function settlePromises(tx: Transaction, params: { now: number; settled: readonly SettledPromiseRow[] }): void {
  tx.defer(settleMany.run(tx, params));
}

const closeOf = statement<never>()(
  "promises.closeOf",
  { params: ["now", "workflowIds", "releasedIds"] },
  ({ param, time }) => sql`
    with closed as (
      update promise set status = 'CANCELLED', settled_at = ${time("now")}, settled_by = 'workflow ended'
      where workflow_execution_id = any(${param("workflowIds")}::uuid[]) and status = 'OPEN'
      returning id
    ), released as (
      select idempotency_key.id from idempotency_key join promise on promise.id = promise_id
      where promise.workflow_execution_id = any(${param("workflowIds")}::uuid[])
        and (promise.status = 'OPEN' or promise.workflow_execution_id = any(${param("releasedIds")}::uuid[]))
      order by idempotency_key.org_id, key for update of idempotency_key
    )
    delete from idempotency_key using released where idempotency_key.id = released.id`,
);

/**
 * Cancels what is left open of workflows that ended, and frees the keys of it; of those in `releasedIds`, which did not
 * complete, all keys of promises are freed, so that the work can be started anew.
 */
export function closePromisesOf(
  tx: Transaction,
  params: { now: number; workflowIds: readonly string[]; releasedIds: readonly string[] },
): void {
  tx.defer(closeOf.run(tx, params));
}

const findTimedOut = statement<{ id: string; workflow_execution_id: string }>()(
  "promises.findTimedOut",
  { params: ["now", "limit"] },
  ({ param, time }) => sql`
    select id, workflow_execution_id from promise
    where status = 'OPEN' and timeout_at is not null and timeout_at <= ${time("now")}
    order by timeout_at, id limit ${param("limit")}::int`,
);

/** Open promises whose time is up, the oldest first. Read without locks. */
export async function findTimedOutPromises(tx: Executor, params: { now: number; limit: number }): Promise<DueWait[]> {
  return (await findTimedOut.run(tx, params)).map((row) => ({ id: row.id, workflowId: row.workflow_execution_id }));
}

const nextTimeout = statement<{ timeout_at: Date }>()(
  "promises.nextTimeout",
  { params: [] },
  () => sql`
    select timeout_at from promise where status = 'OPEN' and timeout_at is not null order by timeout_at, id limit 1`,
);

/** When the next promise times out, epoch milliseconds; undefined when none does. */
export async function nextPromiseTimeout(tx: Executor): Promise<number | undefined> {
  return (await nextTimeout.run(tx, {}))[0]?.timeout_at.getTime();
}

interface PromiseViewRow extends PromiseRow {
  created_at: Date;
  settled_at: Date | null;
}

export interface PromiseView extends DurablePromise {
  createdAtMs: number;
  settledAtMs: number | null;
}

const findView = statement<PromiseViewRow>()(
  "promises.findView",
  { params: ["orgId", "id"] },
  ({ param }) => sql`
    select ${promiseColumns}, created_at, settled_at from promise
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid`,
);

/** One promise with its times; undefined when it is missing or of another org. */
export async function findPromiseView(
  tx: Executor,
  params: { orgId: string; id: string },
): Promise<PromiseView | undefined> {
  const [row] = await findView.run(tx, params);
  return (
    row && { ...toPromise(row), createdAtMs: row.created_at.getTime(), settledAtMs: row.settled_at?.getTime() ?? null }
  );
}
