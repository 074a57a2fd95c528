import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import {
  type ClaimPoller,
  dueRows,
  type HeldClaim,
  type HeldRow,
  overdueQueues,
  pollerRows,
  type QueueRow,
  toHeldClaim,
  workerSeenAfter,
} from "./claim-parts.js";

const table = sql.raw("task_execution");
const claimable = sql.raw("status = 'PENDING' and blocked_by is null");

export interface ClaimedTask {
  orgId: string;
  queue: string;
  /** Place of the poller that gets it. */
  rank: number;
  id: string;
  kind: string;
  input: Uint8Array;
  workflowId: string | null;
  executionCount: number;
  maxRetries: number;
  claimEpoch: number;
  traceparent: string;
}

interface ClaimedRow {
  org_id: string;
  queue: string;
  rank: number;
  id: string;
  kind: string;
  input: Uint8Array;
  workflow_execution_id: string | null;
  execution_count: number;
  max_retries: number;
  claim_epoch: number;
  traceparent: string;
}

const claimMany = statement<ClaimedRow>()(
  "tasks.claimMany",
  { params: ["now"], sets: { pollers: pollerRows } },
  ({ time, rows }) => sql`
    with ${dueRows(
      table,
      sql`${claimable} and (deadline_at is null or deadline_at > ${time("now")})`,
      rows("pollers"),
      time("now"),
    )},
    claimed as (
      update task_execution as execution set
        status = 'RUNNING', claim_epoch = claim_epoch + 1, execution_count = execution_count + 1,
        worker_id = "workerId", worker_principal = principal, own_lease_ms = "ownLeaseMs",
        lease_expires_at = ${time("now")} + "leaseMs" * interval '1 millisecond',
        transition_count = transition_count + 1, started_at = ${time("now")}, last_heartbeat_at = ${time("now")},
        updated_at = ${time("now")}
      from due join poller on poller."orgId" = due."orgId" and poller.queue = due.queue and poller.rank = due.rank
      where execution.id = due.id
      returning execution.org_id, execution.queue, due.rank, execution.id, kind, input, workflow_execution_id,
        execution_count, max_retries, claim_epoch, traceparent, transition_count, worker_id, "transitionId"
    ), closed as (
      update task_transition set most_recent = false from claimed
      where task_execution_id = claimed.id and most_recent
      returning task_execution_id as entity_id
    ), recorded as (
      insert into task_transition (id, org_id, task_execution_id, from_state, to_state, actor_type, actor_id, attempt,
        claim_epoch, sort_key, most_recent, created_at)
      select "transitionId", org_id, claimed.id, 'PENDING', 'RUNNING', 'worker', worker_id, execution_count,
        claim_epoch, transition_count, true, ${time("now")}
      from claimed join closed on closed.entity_id = claimed.id
    )
    select org_id, queue, rank, id, kind, input, workflow_execution_id, execution_count, max_retries, claim_epoch,
      traceparent
    from claimed order by rank`,
);

/**
 * Claims up to one PENDING task for each poller: RUNNING, attempt counted, fence raised, lease set. The oldest go first,
 * by dispatch time. Tasks past their deadline are left to the deadline sweep. Source: PollTask.
 */
export async function claimTasks(
  tx: Executor,
  params: { now: number; pollers: readonly ClaimPoller[] },
): Promise<ClaimedTask[]> {
  const rows = await claimMany.run(tx, params);
  return rows.map((row) => ({
    orgId: row.org_id,
    queue: row.queue,
    rank: row.rank,
    id: row.id,
    kind: row.kind,
    input: row.input,
    workflowId: row.workflow_execution_id,
    executionCount: row.execution_count,
    maxRetries: row.max_retries,
    claimEpoch: row.claim_epoch,
    traceparent: row.traceparent,
  }));
}

const listOverdue = statement<QueueRow>()(
  "tasks.listOverdueQueues",
  { params: ["before", "limit"] },
  ({ param, time }) => overdueQueues(table, claimable, time("before"), param("limit")),
);

/** Queues whose claimable tasks wait since before the given time: their hint was lost, or a back-off is over. */
export async function listOverdueTaskQueues(
  tx: Executor,
  params: { before: number; limit: number },
): Promise<{ orgId: string; queue: string }[]> {
  return (await listOverdue.run(tx, params)).map((row) => ({ orgId: row.org_id, queue: row.queue }));
}

const findAbandoned = statement<HeldRow>()(
  "tasks.findAbandoned",
  { params: ["now", "silentBefore", "limit"] },
  ({ param, time }) => sql`
    select execution.id, execution.claim_epoch from task_execution execution
    where execution.status = 'RUNNING' and execution.lease_expires_at <= ${time("now")}
      and (execution.own_lease_ms is not null or not ${workerSeenAfter(time("silentBefore"))})
    order by execution.lease_expires_at limit ${param("limit")}::int`,
);

/**
 * RUNNING tasks whose lease ran out, and, unless the poll asked for its own lease, whose worker gave no sign of life
 * since `silentBefore`. Read without locks.
 */
export async function findAbandonedTasks(
  tx: Executor,
  params: { now: number; silentBefore: number; limit: number },
): Promise<HeldClaim[]> {
  return (await findAbandoned.run(tx, params)).map(toHeldClaim);
}

const findOfLostWorkers = statement<HeldRow>()(
  "tasks.findOfLostWorkers",
  { params: ["lostBefore", "limit"] },
  ({ param, time }) => sql`
    select execution.id, execution.claim_epoch from worker_presence presence
    join task_execution execution
      on execution.org_id = presence.org_id and execution.worker_id = presence.worker_key
        and execution.worker_principal = presence.principal
    where presence.lost_at <= ${time("lostBefore")} and execution.status = 'RUNNING'
    limit ${param("limit")}::int`,
);

/** RUNNING tasks of workers whose session broke before the given time and was not taken up again. */
export async function findTasksOfLostWorkers(
  tx: Executor,
  params: { lostBefore: number; limit: number },
): Promise<HeldClaim[]> {
  return (await findOfLostWorkers.run(tx, params)).map(toHeldClaim);
}

const nextDeadline = statement<{ deadline_at: Date }>()(
  "tasks.nextDeadline",
  { params: [] },
  () => sql`
    select deadline_at from task_execution
    where deadline_at is not null and status in ('PENDING', 'RUNNING') order by deadline_at limit 1`,
);

/** When the next deadline of a live task passes, epoch milliseconds; undefined when none has one. */
export async function nextTaskDeadline(tx: Executor): Promise<number | undefined> {
  return (await nextDeadline.run(tx, {}))[0]?.deadline_at.getTime();
}

const findPastDeadline = statement<{ id: string }>()(
  "tasks.findPastDeadline",
  { params: ["now", "limit"] },
  ({ param, time }) => sql`
    select id from task_execution
    where deadline_at <= ${time("now")} and status in ('PENDING', 'RUNNING')
    order by deadline_at limit ${param("limit")}::int`,
);

/** Live tasks whose deadline passed, oldest deadline first. Read without locks. */
export async function findTasksPastDeadline(tx: Executor, params: { now: number; limit: number }): Promise<string[]> {
  return (await findPastDeadline.run(tx, params)).map((row) => row.id);
}

const heartbeatMany = statement<HeldRow & { org_id: string }>()(
  "tasks.heartbeatMany",
  { params: ["now", "leaseMs"], sets: { beat: { id: "uuid", orgId: "uuid", claimEpoch: "bigint" } } },
  ({ param, time, rows }) => sql`
    with held as (
      select id from task_execution
      where id in (
        select named.id from ${rows("beat")} join task_execution named on named.id = beat.id and named.org_id = "orgId")
        and status = 'RUNNING'
      order by id for no key update
    )
    update task_execution as execution set last_heartbeat_at = ${time("now")},
      lease_expires_at = ${time("now")} + coalesce(own_lease_ms, ${param("leaseMs")}::int) * interval '1 millisecond'
    from held join ${rows("beat")} on beat.id = held.id
    where execution.id = held.id and execution.org_id = "orgId" and status = 'RUNNING'
      and (beat."claimEpoch" is null or beat."claimEpoch" = execution.claim_epoch)
    returning execution.id, execution.org_id, execution.claim_epoch`,
);

/**
 * Extends the leases of RUNNING tasks that a beat names with their current claim, or with none. Returns those tasks by id.
 * Rows are locked in id order, as by every other change of tasks.
 */
export async function heartbeatTasks(
  tx: Executor,
  params: {
    now: number;
    /** For claims without a lease of their own. */
    leaseMs: number;
    beat: readonly { id: string; orgId: string; claimEpoch: number | null }[];
  },
): Promise<Map<string, HeldClaim & { orgId: string }>> {
  const rows = await heartbeatMany.run(tx, params);
  return new Map(rows.map((row) => [row.id, { ...toHeldClaim(row), orgId: row.org_id }]));
}
