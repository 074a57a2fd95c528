import type { RetryPolicy, Task, TaskStatus } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import { creationTime } from "./creation-time.js";
import { type NamedId, namedIdRows, toNamedIdRows, type WantedId, wantedIdRows } from "./named-ids.js";
import { closeTransitions, insertTransitions, type TransitionRow, transitionRows } from "./transition-rows.js";

export interface NewTaskRow {
  id: string;
  orgId: string;
  workflowId: string | null;
  kind: string;
  queue: string;
  partitionKey: number;
  rootId: string;
  input: Uint8Array;
  metadata: string;
  /** `{"retry": …}` or null. */
  policy: string | null;
  priorityMs: number;
  maxRetries: number;
  deadlineAt: number | null;
  scheduledSequence: number | null;
  createdBy: string;
  traceparent: string;
  hasIdempotencyKey: boolean;
}

const insertMany = statement<never>()(
  "tasks.insertMany",
  {
    params: ["now"],
    sets: {
      task: {
        id: "uuid",
        orgId: "uuid",
        workflowId: "uuid",
        kind: "text",
        queue: "text",
        partitionKey: "int",
        rootId: "uuid",
        input: "bytea",
        metadata: "jsonb",
        policy: "jsonb",
        priorityMs: "bigint",
        maxRetries: "int",
        deadlineAt: "timestamptz",
        scheduledSequence: "int",
        createdBy: "text",
        traceparent: "text",
        hasIdempotencyKey: "bool",
      },
      transition: transitionRows,
    },
  },
  ({ time, rows }) => sql`
    with created as (
      insert into task_execution (id, org_id, workflow_execution_id, kind, queue, status, partition_key,
        root_execution_id, input, metadata, policy, priority_ms, max_retries, deadline_at, scheduled_sequence,
        created_by, traceparent, has_idempotency_key, transition_count, available_at, dispatch_at, created_at, updated_at)
      select id, "orgId", "workflowId", kind, queue, 'PENDING', "partitionKey", "rootId", input, metadata, policy,
        "priorityMs", "maxRetries", "deadlineAt", "scheduledSequence", "createdBy", traceparent, "hasIdempotencyKey", 1,
        ${time("now")}, ${creationTime(time("now"))} - "priorityMs" * interval '1 millisecond',
        ${creationTime(time("now"))}, ${time("now")}
      from ${rows("task")}
    )
    ${insertTransitions("task", rows("transition"), time("now"), undefined)}`,
);

/** Inserts new tasks with their first transitions; they are claimed in this order. Fails as a whole on a taken id. */
export async function insertTasks(
  tx: Executor,
  params: { now: number; task: readonly NewTaskRow[]; transition: readonly TransitionRow[] },
): Promise<void> {
  await insertMany.run(tx, params);
}

interface TaskRow {
  id: string;
  org_id: string;
  workflow_execution_id: string | null;
  kind: string;
  queue: string;
  status: TaskStatus;
  execution_count: number;
  failure_count: number;
  reclaim_count: number;
  max_retries: number;
  policy: { retry?: RetryPolicy } | null;
  claim_epoch: number;
  worker_id: string | null;
  started_at: Date | null;
  deadline_at: Date | null;
  available_at: Date;
  scheduled_sequence: number | null;
  transition_count: number;
  has_idempotency_key: boolean;
  created_at: Date;
}

function toTask(row: TaskRow): Task {
  return {
    id: row.id,
    orgId: row.org_id,
    workflowId: row.workflow_execution_id,
    kind: row.kind,
    queue: row.queue,
    status: row.status,
    executionCount: row.execution_count,
    failureCount: row.failure_count,
    reclaimCount: row.reclaim_count,
    maxRetries: row.max_retries,
    retryPolicy: row.policy?.retry ?? null,
    claimEpoch: row.claim_epoch,
    workerId: row.worker_id,
    startedAtMs: row.started_at?.getTime() ?? null,
    deadlineAtMs: row.deadline_at?.getTime() ?? null,
    availableAtMs: row.available_at.getTime(),
    scheduledSequence: row.scheduled_sequence,
    transitionCount: row.transition_count,
    hasIdempotencyKey: row.has_idempotency_key,
    createdAtMs: row.created_at.getTime(),
    output: null,
    error: null,
    terminalReason: null,
  };
}

const taskColumns = sql.raw(`id, org_id, workflow_execution_id, kind, queue, status, execution_count, failure_count,
  reclaim_count, max_retries, policy, claim_epoch, worker_id, started_at, deadline_at, available_at, scheduled_sequence,
  transition_count, has_idempotency_key, created_at`);

const lockMany = statement<TaskRow>()(
  "tasks.lockMany",
  { params: ["ids"] },
  ({ param }) => sql`
    select ${taskColumns} from task_execution where id = any(${param("ids")}::uuid[])
    order by id for no key update`,
);

/** Locks task rows in id order, of any org; the workflows that own them are locked before. A missing id is missing from the answer. */
export async function lockTasks(tx: Executor, ids: readonly string[]): Promise<Map<string, Task>> {
  const rows = await lockMany.run(tx, { ids: [...new Set(ids)] });
  return new Map(rows.map((row) => [row.id, toTask(row)]));
}

const findOwners = statement<{ id: string; org_id: string; kind: string; workflow_execution_id: string | null }>()(
  "tasks.findOwners",
  { params: [], sets: { wanted: wantedIdRows } },
  ({ rows }) => sql`
    with holder as (
      select holder.id, org_id, kind, workflow_execution_id, org_id <> "orgId" as foreign_org, substitute
      from ${rows("wanted")} join task_execution holder on holder.id = wanted.id
    )
    select id, org_id, kind, workflow_execution_id from holder
    union all
    select second.id, second.org_id, second.kind, second.workflow_execution_id
    from holder join task_execution second on holder.foreign_org and second.id = holder.substitute`,
);

/** Org, kind and workflow of the tasks that have the wanted ids, and of those that have the substitutes of foreign ones. */
export async function findTaskOwners(
  tx: Executor,
  wanted: readonly WantedId[],
): Promise<Map<string, { orgId: string; kind: string; workflowId: string | null }>> {
  if (wanted.length === 0) return new Map();
  const rows = await findOwners.run(tx, { wanted });
  return new Map(
    rows.map((row) => [row.id, { orgId: row.org_id, kind: row.kind, workflowId: row.workflow_execution_id }]),
  );
}

export interface SavedTaskRow {
  id: string;
  status: string;
  claimEpoch: number;
  workerId: string | null;
  failureCount: number;
  reclaimCount: number;
  transitionCount: number;
  availableAt: number;
  output: Uint8Array | null;
  error: string | null;
  terminalReason: string | null;
  cancelledBy: string | null;
  cancellationReason: string | null;
  terminal: boolean;
}

export interface AttemptRow {
  id: string;
  orgId: string;
  taskId: string;
  attempt: number;
  attemptType: string;
  workerId: string | null;
  claimEpoch: number;
  status: string;
  output: Uint8Array | null;
  error: string | null;
  startedAt: number;
  finishedAt: number;
}

const saveMany = statement<never>()(
  "tasks.saveMany",
  {
    params: ["now"],
    sets: {
      task: {
        id: "uuid",
        status: "text",
        claimEpoch: "int",
        workerId: "text",
        failureCount: "int",
        reclaimCount: "int",
        transitionCount: "int",
        availableAt: "timestamptz",
        output: "bytea",
        error: "text",
        terminalReason: "text",
        cancelledBy: "text",
        cancellationReason: "text",
        terminal: "bool",
      },
      attempt: {
        id: "uuid",
        orgId: "uuid",
        taskId: "uuid",
        attempt: "int",
        attemptType: "text",
        workerId: "text",
        claimEpoch: "int",
        status: "text",
        output: "bytea",
        error: "text",
        startedAt: "timestamptz",
        finishedAt: "timestamptz",
      },
      transition: transitionRows,
    },
  },
  ({ time, rows }) => sql`
    with saved as (
      update task_execution as execution set
        status = task.status, claim_epoch = "claimEpoch", worker_id = "workerId", failure_count = "failureCount",
        reclaim_count = "reclaimCount", transition_count = "transitionCount", available_at = "availableAt",
        dispatch_at = greatest(created_at, "availableAt") - priority_ms * interval '1 millisecond',
        lease_expires_at = null, own_lease_ms = null, output = task.output, error = task.error,
        terminal_reason = "terminalReason", cancelled_by = "cancelledBy", cancellation_reason = "cancellationReason",
        cancel_requested_at = case when "cancellationReason" is not null then ${time("now")} end,
        updated_at = ${time("now")}, completed_at = case when terminal then ${time("now")} end
      from ${rows("task")} where execution.id = task.id
    ), ended as (
      insert into task_attempt (id, org_id, task_execution_id, attempt, attempt_type, worker_id, claim_epoch, status,
        output, error, started_at, finished_at, created_at)
      select id, "orgId", "taskId", attempt, "attemptType", "workerId", "claimEpoch", status, output, error,
        "startedAt", "finishedAt", ${time("now")}
      from ${rows("attempt")}
    ), closed as (
      ${closeTransitions("task", rows("transition"))}
    )
    ${insertTransitions("task", rows("transition"), time("now"), sql`closed`)}`,
);

/** Writes the outcome of decisions about locked tasks: rows, attempts that ended, transitions. */
export async function saveLockedTasks(
  tx: Executor,
  params: {
    now: number;
    task: readonly SavedTaskRow[];
    attempt: readonly AttemptRow[];
    transition: readonly TransitionRow[];
  },
): Promise<void> {
  await saveMany.run(tx, params);
}

const lockNamed = statement<TaskRow>()(
  "tasks.lockNamed",
  { params: [], sets: { named: namedIdRows } },
  ({ rows }) => sql`
    select ${taskColumns} from ${rows("named")}
    join task_execution on id = "namedId" and org_id = coalesce("orgId", org_id)
    order by id for no key update of task_execution`,
);

/** The same for ids that callers named: a task of another org is missing, and is not locked. */
export async function lockNamedTasks(tx: Executor, named: readonly NamedId[]): Promise<Map<string, Task>> {
  const rows = await lockNamed.run(tx, { named: toNamedIdRows(named) });
  return new Map(rows.map((row) => [row.id, toTask(row)]));
}

const findOpenOf = statement<{ id: string }>()(
  "tasks.findOpenOf",
  { params: ["workflowIds"] },
  ({ param }) => sql`
    select id from task_execution
    where workflow_execution_id = any(${param("workflowIds")}::uuid[]) and status in ('PENDING', 'RUNNING')`,
);

/** Live tasks of workflows whose locks are held. */
export async function findOpenTasksOf(tx: Executor, workflowIds: readonly string[]): Promise<string[]> {
  return (await findOpenOf.run(tx, { workflowIds })).map((row) => row.id);
}
