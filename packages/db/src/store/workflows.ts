import type { Workflow, WorkflowStatus } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import { type EventRow, eventRows } from "./event-rows.js";
import { historyBytesOf } from "./history-bytes.js";
import { type NamedId, namedIdRows, toNamedIdRows } from "./named-ids.js";
import { closeTransitions, insertTransitions, type TransitionRow, transitionRows } from "./transition-rows.js";

interface WorkflowRow {
  id: string;
  org_id: string;
  kind: string;
  queue: string;
  status: WorkflowStatus;
  run: number;
  current_sequence: number;
  history_bytes: string;
  external_sequence: number;
  wake_pending: boolean;
  claim_epoch: number;
  worker_id: string | null;
  transition_count: number;
  partition_key: number;
  root_execution_id: string;
  traceparent: string;
  has_idempotency_key: boolean;
  parent_workflow_execution_id: string | null;
  child_execution_name: string | null;
  initiated_sequence: number | null;
  signal_count: number;
  activation_failures: number;
  has_waits: boolean;
  owes_parent: boolean;
  owes_members: boolean;
  created_at: Date;
}

const plainColumns = sql.raw(`id, org_id, kind, queue, status, run, current_sequence, external_sequence, wake_pending,
  claim_epoch, worker_id, transition_count, partition_key, root_execution_id, traceparent, has_idempotency_key,
  parent_workflow_execution_id, child_execution_name, initiated_sequence, signal_count, activation_failures, has_waits,
  owes_parent, owes_members, created_at`);
const workflowColumns = sql`${plainColumns}, ${historyBytesOf("workflow_execution")} as history_bytes`;

function toWorkflow(row: WorkflowRow): Workflow {
  return {
    id: row.id,
    orgId: row.org_id,
    kind: row.kind,
    queue: row.queue,
    status: row.status,
    run: row.run,
    sequence: row.current_sequence,
    historyBytes: Number(row.history_bytes),
    externalSequence: row.external_sequence,
    wakePending: row.wake_pending,
    claimEpoch: row.claim_epoch,
    workerId: row.worker_id,
    transitionCount: row.transition_count,
    partitionKey: row.partition_key,
    rootExecutionId: row.root_execution_id,
    traceparent: row.traceparent,
    hasIdempotencyKey: row.has_idempotency_key,
    parentId: row.parent_workflow_execution_id,
    childName: row.child_execution_name,
    initiatedSequence: row.initiated_sequence,
    signalCount: row.signal_count,
    activationFailures: row.activation_failures,
    hasWaits: row.has_waits,
    owesParent: row.owes_parent,
    owesMembers: row.owes_members,
    createdAtMs: row.created_at.getTime(),
    output: null,
    error: null,
    cancellation: null,
  };
}

const lockMany = statement<WorkflowRow>()(
  "workflows.lockMany",
  { params: ["ids"] },
  ({ param }) => sql`
    select ${workflowColumns} from workflow_execution
    where id = any(${param("ids")}::uuid[])
    order by id for no key update`,
);

/**
 * Locks workflow rows of any org, all at once and in id order: the first thing a transaction that changes workflows does.
 * A missing id is missing from the answer.
 */
export async function lockWorkflows(tx: Executor, ids: readonly string[]): Promise<Map<string, Workflow>> {
  if (ids.length === 0) return new Map();
  const rows = await lockMany.run(tx, { ids: [...new Set(ids)] });
  return new Map(rows.map((row) => [row.id, toWorkflow(row)]));
}

const lockNamed = statement<WorkflowRow>()(
  "workflows.lockNamed",
  { params: [], sets: { named: namedIdRows } },
  ({ rows }) => sql`
    select ${workflowColumns} from ${rows("named")}
    join workflow_execution on id = "namedId" and org_id = "orgId"
    order by id for no key update of workflow_execution`,
);

/** The same for ids that callers named: a workflow of another org is missing, and is not locked. */
export async function lockNamedWorkflows(
  tx: Executor,
  named: readonly (NamedId & { orgId: string })[],
): Promise<Map<string, Workflow>> {
  if (named.length === 0) return new Map();
  const rows = await lockNamed.run(tx, { named: toNamedIdRows(named) });
  return new Map(rows.map((row) => [row.id, toWorkflow(row)]));
}

const lockOfTasks = statement<WorkflowRow>()(
  "workflows.lockOfTasks",
  { params: [], sets: { named: namedIdRows } },
  ({ rows }) => sql`
    select ${workflowColumns} from workflow_execution
    where id in (
      select workflow_execution_id from ${rows("named")} join task_execution task
        on task.id = "namedId" and task.org_id = coalesce("orgId", task.org_id))
    order by id for no key update`,
);

/** Locks the workflows that own the named tasks, in id order. The owner of a task never changes. */
export async function lockWorkflowsOfTasks(tx: Executor, named: readonly NamedId[]): Promise<Map<string, Workflow>> {
  const rows = await lockOfTasks.run(tx, { named: toNamedIdRows(named) });
  return new Map(rows.map((row) => [row.id, toWorkflow(row)]));
}

const lockOfDueTimers = statement<WorkflowRow>()(
  "workflows.lockOfDueTimers",
  { params: ["now", "timerIds"] },
  ({ param, time }) => sql`
    select ${workflowColumns} from workflow_execution
    where id in (
      select workflow_execution_id from timer
      where id = any(${param("timerIds")}::uuid[]) and status = 'ARMED' and fire_at <= ${time("now")})
    order by id for no key update skip locked`,
);

/**
 * Locks the workflows of those of the timers that are still armed and due, as far as nobody else holds them: of several
 * replicas that found the same timers one gets the rows, and the others leave them alone.
 */
export async function lockWorkflowsOfDueTimers(
  tx: Executor,
  params: { now: number; timerIds: readonly string[] },
): Promise<Map<string, Workflow>> {
  const rows = await lockOfDueTimers.run(tx, params);
  return new Map(rows.map((row) => [row.id, toWorkflow(row)]));
}

const lockOfTimedOut = statement<WorkflowRow>()(
  "workflows.lockOfTimedOutPromises",
  { params: ["now", "promiseIds"] },
  ({ param, time }) => sql`
    select ${workflowColumns} from workflow_execution
    where id in (
      select workflow_execution_id from promise
      where id = any(${param("promiseIds")}::uuid[]) and status = 'OPEN' and timeout_at <= ${time("now")})
    order by id for no key update skip locked`,
);

/** The same for promises whose time is up. */
export async function lockWorkflowsOfTimedOutPromises(
  tx: Executor,
  params: { now: number; promiseIds: readonly string[] },
): Promise<Map<string, Workflow>> {
  const rows = await lockOfTimedOut.run(tx, params);
  return new Map(rows.map((row) => [row.id, toWorkflow(row)]));
}

const saveMany = statement<never>()(
  "workflows.saveMany",
  {
    params: ["now"],
    sets: {
      workflow: {
        id: "uuid",
        status: "text",
        sequence: "int",
        historyBytes: "bigint",
        externalSequence: "int",
        wakePending: "bool",
        claimEpoch: "int",
        workerId: "text",
        transitionCount: "int",
        signalCount: "int",
        activationFailures: "int",
        hasWaits: "bool",
        owesParent: "bool",
        owesMembers: "bool",
        output: "bytea",
        error: "text",
        cancellationReason: "text",
        cancelledBy: "text",
        terminal: "bool",
      },
      event: eventRows,
      transition: transitionRows,
    },
  },
  ({ time, rows }) => sql`
    with saved as (
      update workflow_execution as execution set
        status = workflow.status, current_sequence = sequence, history_bytes = "historyBytes", external_sequence = "externalSequence",
        wake_pending = "wakePending", claim_epoch = "claimEpoch", worker_id = "workerId",
        lease_expires_at = case when workflow.status = 'RUNNING' then lease_expires_at end,
        own_lease_ms = case when workflow.status = 'RUNNING' then own_lease_ms end, transition_count = "transitionCount",
        signal_count = "signalCount", activation_failures = "activationFailures", has_waits = "hasWaits", owes_parent = "owesParent", owes_members = "owesMembers",
        output = coalesce(workflow.output, execution.output), error = coalesce(workflow.error, execution.error),
        cancellation_reason = coalesce("cancellationReason", cancellation_reason),
        cancelled_by = coalesce("cancelledBy", cancelled_by),
        cancel_requested_at = case when "cancellationReason" is null then cancel_requested_at else ${time("now")} end,
        updated_at = ${time("now")}, completed_at = case when terminal then coalesce(completed_at, ${time("now")}) end
      from ${rows("workflow")} where execution.id = workflow.id
    ), appended as (
      insert into workflow_event (id, org_id, workflow_execution_id, run, sequence_number, event_type, event_data,
        created_at)
      select id, "orgId", "workflowId", run, sequence, type, data, ${time("now")} from ${rows("event")}
    ), closed as (
      ${closeTransitions("workflow", rows("transition"))}
    )
    ${insertTransitions("workflow", rows("transition"), time("now"), sql`closed`)}`,
);

export interface SavedWorkflowRow {
  id: string;
  status: string;
  sequence: number;
  historyBytes: number;
  externalSequence: number;
  wakePending: boolean;
  claimEpoch: number;
  workerId: string | null;
  transitionCount: number;
  signalCount: number;
  activationFailures: number;
  hasWaits: boolean;
  owesParent: boolean;
  owesMembers: boolean;
  output: Uint8Array | null;
  error: string | null;
  cancellationReason: string | null;
  cancelledBy: string | null;
  terminal: boolean;
}

/** Writes the outcome of decisions about locked workflows: rows, appended events, transitions. */
export async function saveLockedWorkflows(
  tx: Executor,
  params: {
    now: number;
    workflow: readonly SavedWorkflowRow[];
    event: readonly EventRow[];
    transition: readonly TransitionRow[];
  },
): Promise<void> {
  await saveMany.run(tx, params);
}
