import type { WorkflowStatus } from "@flovyn/domain";
import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { anyCreation } from "../schema/list-predicates.js";
import { statement } from "../statement.js";
import { greatestId, instantOr, type ListPlace, microsecondsOf } from "./list-place.js";

export interface WorkflowView {
  id: string;
  orgId: string;
  kind: string;
  status: WorkflowStatus;
  queue: string;
  input: Uint8Array;
  output: Uint8Array | null;
  error: string | null;
  currentSequence: number;
  run: number;
  partitionKey: number;
  rootExecutionId: string;
  version: string | null;
  parentId: string | null;
  workerId: string | null;
  priorityMs: number;
  /** JSON object text. */
  metadata: string;
  cancellationReason: string | null;
  /** Activations that failed since the last one that succeeded. */
  activationFailures: number;
  /** Of the last one that failed; null while there are none. */
  lastActivationFailure: ActivationFailureView | null;
  createdAtMs: number;
  startedAtMs: number | null;
  completedAtMs: number | null;
  updatedAtMs: number;
}

export interface ActivationFailureView {
  reason: string;
  message: string;
  /** The event at which it went wrong; 0 when there is none. */
  eventSequence: number;
  atMs: number;
  nextTryAtMs: number;
}

interface ViewRow {
  id: string;
  org_id: string;
  kind: string;
  status: WorkflowStatus;
  queue: string;
  input: Uint8Array;
  output: Uint8Array | null;
  error: string | null;
  current_sequence: number;
  run: number;
  partition_key: number;
  root_execution_id: string;
  workflow_version: string | null;
  parent_workflow_execution_id: string | null;
  worker_id: string | null;
  priority_ms: string;
  metadata: string;
  cancellation_reason: string | null;
  activation_failures: number;
  activation_failure_reason: string | null;
  activation_failure_message: string | null;
  activation_failure_sequence: number | null;
  activation_failed_at: Date | null;
  available_at: Date;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
  updated_at: Date;
}

const factColumns = sql.raw(`id, org_id, kind, status, queue, error, current_sequence, run, partition_key,
  root_execution_id, workflow_version, parent_workflow_execution_id, worker_id, priority_ms, metadata::text as metadata,
  cancellation_reason, activation_failures, activation_failure_reason, activation_failure_message,
  activation_failure_sequence, activation_failed_at, available_at, created_at, started_at, completed_at, updated_at`);

function toView(row: ViewRow): WorkflowView {
  return {
    id: row.id,
    orgId: row.org_id,
    kind: row.kind,
    status: row.status,
    queue: row.queue,
    input: row.input,
    output: row.output,
    error: row.error,
    currentSequence: row.current_sequence,
    run: row.run,
    partitionKey: row.partition_key,
    rootExecutionId: row.root_execution_id,
    version: row.workflow_version,
    parentId: row.parent_workflow_execution_id,
    workerId: row.worker_id,
    priorityMs: Number(row.priority_ms),
    metadata: row.metadata,
    cancellationReason: row.cancellation_reason,
    activationFailures: row.activation_failures,
    lastActivationFailure: row.activation_failures > 0 ? toFailure(row) : null,
    createdAtMs: row.created_at.getTime(),
    startedAtMs: row.started_at?.getTime() ?? null,
    completedAtMs: row.completed_at?.getTime() ?? null,
    updatedAtMs: row.updated_at.getTime(),
  };
}

function toFailure(row: ViewRow): ActivationFailureView {
  return {
    reason: row.activation_failure_reason ?? "",
    message: row.activation_failure_message ?? "",
    eventSequence: row.activation_failure_sequence ?? 0,
    atMs: row.activation_failed_at?.getTime() ?? 0,
    nextTryAtMs: row.available_at.getTime(),
  };
}

const find = statement<ViewRow>()(
  "workflows.find",
  { params: ["orgId", "id"] },
  ({ param }) => sql`
    select ${factColumns}, input, output from workflow_execution
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid`,
);

/** One execution of the org; undefined when it is missing or of another org. */
export async function findWorkflow(
  tx: Executor,
  params: { orgId: string; id: string },
): Promise<WorkflowView | undefined> {
  const [row] = await find.run(tx, params);
  return row && toView(row);
}

export interface WorkflowResult {
  partitionKey: number;
  status: WorkflowStatus;
  run: number;
  output: Uint8Array | null;
  error: string | null;
  cancellationReason: string | null;
}

const findResults = statement<{
  id: string;
  org_id: string;
  partition_key: number;
  status: WorkflowStatus;
  run: number;
  output: Uint8Array | null;
  error: string | null;
  cancellation_reason: string | null;
}>()(
  "workflows.findResults",
  { params: [], sets: { wanted: { orgId: "uuid", workflowId: "uuid" } } },
  ({ rows }) => sql`
    select execution.id, org_id, partition_key, status, run, output, error, cancellation_reason
    from ${rows("wanted")} join workflow_execution execution
      on execution.id = "workflowId" and execution.org_id = "orgId"`,
);

/** Status and outcome of several executions, by `org/id`. Missing and foreign ones are missing. */
export async function findWorkflowResults(
  tx: Executor,
  wanted: readonly { orgId: string; workflowId: string }[],
): Promise<Map<string, WorkflowResult>> {
  const rows = await findResults.run(tx, { wanted });
  return new Map(
    rows.map((row) => [
      `${row.org_id}/${row.id}`,
      {
        partitionKey: row.partition_key,
        status: row.status,
        run: row.run,
        output: row.output,
        error: row.error,
        cancellationReason: row.cancellation_reason,
      },
    ]),
  );
}

export interface WorkflowFilter {
  orgId: string;
  status: string | null;
  kind: string | null;
  queue: string | null;
  /** Only those whose last activation failed. */
  activationFailing: boolean;
}

/** In the text, because a parameter would hide the index of those that fail. */
const anyActivation = sql.raw("true");
const failingActivation = sql.raw("activation_failures > 0");

const listWhere = (name: string, condition: SQL) =>
  statement<ViewRow & { created_at_us: string }>()(
    name,
    { params: ["orgId", "status", "kind", "queue", "beforeUs", "beforeId", "limit", "offset"] },
    ({ param }) => sql`
    select ${factColumns}, ''::bytea as input, null::bytea as output, ${microsecondsOf(sql.raw("created_at"))} as created_at_us
    from workflow_execution
    where org_id = ${param("orgId")}::uuid and ${anyCreation} and ${condition}
      and (${param("status")}::text is null or status = ${param("status")}::text)
      and (${param("kind")}::text is null or kind = ${param("kind")}::text)
      and (${param("queue")}::text is null or queue = ${param("queue")}::text)
      and (created_at, id) < (${instantOr("infinity", param("beforeUs"))}, coalesce(${param("beforeId")}::uuid, ${greatestId}))
    order by created_at desc, id desc limit ${param("limit")}::int offset ${param("offset")}::int`,
  );
const list = listWhere("workflows.list", anyActivation);
const listFailing = listWhere("workflows.listFailing", failingActivation);

/**
 * Newest first, without payloads: by the time of creation, and by id where that is the same, since workers choose the ids of
 * children. `before` continues after the last one of the page before.
 */
export async function listWorkflows(
  tx: Executor,
  {
    before,
    activationFailing,
    ...params
  }: WorkflowFilter & { before: ListPlace | null; limit: number; offset: number },
): Promise<(WorkflowView & ListPlace)[]> {
  const wanted = activationFailing ? listFailing : list;
  const rows = await wanted.run(tx, { ...params, beforeUs: before?.createdAtUs ?? null, beforeId: before?.id ?? null });
  return rows.map((row) => ({ ...toView(row), createdAtUs: row.created_at_us }));
}

/** Totals are counted up to here; a larger list answers this number. */
export const countMax = 100_000;

const countWhere = (name: string, condition: SQL) =>
  statement<{ count: number }>()(
    name,
    { params: ["orgId", "status", "kind", "queue"] },
    ({ param }) => sql`
    select count(*)::int as count from (
      select 1 from workflow_execution
      where org_id = ${param("orgId")}::uuid and ${condition}
        and (${param("status")}::text is null or status = ${param("status")}::text)
        and (${param("kind")}::text is null or kind = ${param("kind")}::text)
        and (${param("queue")}::text is null or queue = ${param("queue")}::text)
      limit ${sql.raw(String(countMax))}
    ) as counted`,
  );
const count = countWhere("workflows.count", anyActivation);
const countFailing = countWhere("workflows.countFailing", failingActivation);

export async function countWorkflows(tx: Executor, { activationFailing, ...params }: WorkflowFilter): Promise<number> {
  const wanted = activationFailing ? countFailing : count;
  return (await wanted.run(tx, params))[0]?.count ?? 0;
}

const findTraces = statement<{ id: string; traceparent: string }>()(
  "workflows.findTraces",
  { params: ["orgId", "ids"] },
  ({ param }) => sql`
    select id, traceparent from workflow_execution
    where id = any(${param("ids")}::uuid[]) and org_id = ${param("orgId")}::uuid`,
);

/** Trace contexts by execution id; missing and foreign executions are missing. */
export async function findWorkflowTraces(
  tx: Executor,
  params: { orgId: string; ids: readonly string[] },
): Promise<Map<string, string>> {
  return new Map((await findTraces.run(tx, params)).map((row) => [row.id, row.traceparent]));
}
