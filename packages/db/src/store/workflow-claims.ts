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

const table = sql.raw("workflow_execution");
const claimable = sql.raw("status = 'PENDING' and blocked_by is null and mode = 'CODE'");

export interface ClaimedWorkflow {
  orgId: string;
  queue: string;
  /** Place of the poller that gets it. */
  rank: number;
  id: string;
  kind: string;
  input: Uint8Array;
  priorityMs: number;
  createdAtMs: number;
  currentSequence: number;
  workflowVersion: string | null;
  taskTimeMs: number;
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
  priority_ms: string;
  created_at: Date;
  current_sequence: number;
  workflow_version: string | null;
  workflow_task_time_millis: string;
  claim_epoch: number;
  traceparent: string;
}

const claimMany = statement<ClaimedRow>()(
  "workflows.claimMany",
  { params: ["now"], sets: { pollers: pollerRows } },
  ({ time, rows }) => sql`
    with ${dueRows(table, claimable, rows("pollers"), time("now"))},
    claimed as (
      update workflow_execution as execution set
        status = 'RUNNING', claim_epoch = claim_epoch + 1, worker_id = "workerId", worker_principal = principal,
        own_lease_ms = "ownLeaseMs", lease_expires_at = ${time("now")} + "leaseMs" * interval '1 millisecond',
        wake_pending = false,
        workflow_task_time_millis =
          greatest(floor(extract(epoch from ${time("now")}) * 1000)::bigint, coalesce(workflow_task_time_millis, 0) + 1),
        transition_count = transition_count + 1, updated_at = ${time("now")},
        started_at = coalesce(started_at, ${time("now")})
      from due join poller on poller."orgId" = due."orgId" and poller.queue = due.queue and poller.rank = due.rank
      where execution.id = due.id
      returning execution.org_id, execution.queue, due.rank, execution.id, kind, input, priority_ms, created_at,
        current_sequence, workflow_version, workflow_task_time_millis, claim_epoch, traceparent, run, transition_count,
        worker_id, "transitionId"
    ), closed as (
      update workflow_transition set most_recent = false from claimed
      where workflow_execution_id = claimed.id and most_recent
      returning workflow_execution_id as entity_id
    ), recorded as (
      insert into workflow_transition (id, org_id, workflow_execution_id, from_state, to_state, actor_type, actor_id,
        attempt, claim_epoch, sort_key, most_recent, created_at)
      select "transitionId", org_id, claimed.id, 'PENDING', 'RUNNING', 'worker', worker_id, run, claim_epoch,
        transition_count, true, ${time("now")}
      from claimed join closed on closed.entity_id = claimed.id
    )
    select org_id, queue, rank, id, kind, input, priority_ms, created_at, current_sequence, workflow_version,
      workflow_task_time_millis, claim_epoch, traceparent
    from claimed order by rank`,
);

/**
 * Claims up to one PENDING workflow for each poller: RUNNING, fence raised, lease set, clock of the activation fixed.
 * The oldest go first, by dispatch time. Fewer rows than pollers: the queues hold no more. Source: PollWorkflow.
 */
export async function claimWorkflows(
  tx: Executor,
  params: { now: number; pollers: readonly ClaimPoller[] },
): Promise<ClaimedWorkflow[]> {
  const rows = await claimMany.run(tx, params);
  return rows.map((row) => ({
    orgId: row.org_id,
    queue: row.queue,
    rank: row.rank,
    id: row.id,
    kind: row.kind,
    input: row.input,
    priorityMs: Number(row.priority_ms),
    createdAtMs: row.created_at.getTime(),
    currentSequence: row.current_sequence,
    workflowVersion: row.workflow_version,
    taskTimeMs: Number(row.workflow_task_time_millis),
    claimEpoch: row.claim_epoch,
    traceparent: row.traceparent,
  }));
}

const listOverdue = statement<QueueRow>()(
  "workflows.listOverdueQueues",
  { params: ["before", "limit"] },
  ({ param, time }) => overdueQueues(table, claimable, time("before"), param("limit")),
);

/** Queues whose claimable workflows wait since before the given time: their hint was lost or nobody polls. */
export async function listOverdueWorkflowQueues(
  tx: Executor,
  params: { before: number; limit: number },
): Promise<{ orgId: string; queue: string }[]> {
  return (await listOverdue.run(tx, params)).map((row) => ({ orgId: row.org_id, queue: row.queue }));
}

const findAbandoned = statement<HeldRow>()(
  "workflows.findAbandoned",
  { params: ["now", "silentBefore", "heldBefore", "limit"] },
  ({ param, time }) => sql`
    select execution.id, execution.claim_epoch from workflow_execution execution
    where execution.status = 'RUNNING' and execution.lease_expires_at <= ${time("now")}
      and (execution.own_lease_ms is not null or execution.lease_expires_at <= ${time("heldBefore")}
        or not ${workerSeenAfter(time("silentBefore"))})
    order by execution.lease_expires_at limit ${param("limit")}::int`,
);

/**
 * RUNNING workflows whose lease ran out and whose worker gave no sign of life since `silentBefore`; also those whose
 * lease ran out before `heldBefore` although the worker lives: it never reports them. Read without locks.
 */
export async function findAbandonedWorkflows(
  tx: Executor,
  params: { now: number; silentBefore: number; heldBefore: number; limit: number },
): Promise<HeldClaim[]> {
  return (await findAbandoned.run(tx, params)).map(toHeldClaim);
}

const findOfLostWorkers = statement<HeldRow>()(
  "workflows.findOfLostWorkers",
  { params: ["lostBefore", "limit"] },
  ({ param, time }) => sql`
    select execution.id, execution.claim_epoch from worker_presence presence
    join workflow_execution execution
      on execution.org_id = presence.org_id and execution.worker_id = presence.worker_key
        and execution.worker_principal = presence.principal
    where presence.lost_at <= ${time("lostBefore")} and execution.status = 'RUNNING'
    limit ${param("limit")}::int`,
);

/** RUNNING workflows of workers whose session broke before the given time and was not taken up again. */
export async function findWorkflowsOfLostWorkers(
  tx: Executor,
  params: { lostBefore: number; limit: number },
): Promise<HeldClaim[]> {
  return (await findOfLostWorkers.run(tx, params)).map(toHeldClaim);
}
