import type { TaskStatus } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface TaskView {
  id: string;
  orgId: string;
  workflowId: string | null;
  kind: string;
  status: TaskStatus;
  queue: string;
  input: Uint8Array;
  output: Uint8Array | null;
  error: string | null;
  executionCount: number;
  maxRetries: number;
  progress: number | null;
  progressDetails: string | null;
  workerId: string | null;
  metadata: string;
  partitionKey: number;
  rootExecutionId: string;
  createdAtMs: number;
  startedAtMs: number | null;
  completedAtMs: number | null;
}

const find = statement<{
  id: string;
  org_id: string;
  workflow_execution_id: string | null;
  kind: string;
  status: TaskStatus;
  queue: string;
  input: Uint8Array;
  output: Uint8Array | null;
  error: string | null;
  execution_count: number;
  max_retries: number;
  progress: number | null;
  progress_details: string | null;
  worker_id: string | null;
  metadata: string;
  partition_key: number;
  root_execution_id: string;
  created_at: Date;
  started_at: Date | null;
  completed_at: Date | null;
}>()(
  "tasks.find",
  { params: ["orgId", "id"] },
  ({ param }) => sql`
    select id, org_id, workflow_execution_id, kind, status, queue, input, output, error, execution_count, max_retries,
      progress, progress_details, worker_id, metadata::text as metadata, partition_key, root_execution_id, created_at,
      started_at, completed_at
    from task_execution where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid`,
);

/** One task of the org; undefined when it is missing or of another org. */
export async function findTask(tx: Executor, params: { orgId: string; id: string }): Promise<TaskView | undefined> {
  const [row] = await find.run(tx, params);
  return (
    row && {
      id: row.id,
      orgId: row.org_id,
      workflowId: row.workflow_execution_id,
      kind: row.kind,
      status: row.status,
      queue: row.queue,
      input: row.input,
      output: row.output,
      error: row.error,
      executionCount: row.execution_count,
      maxRetries: row.max_retries,
      progress: row.progress,
      progressDetails: row.progress_details,
      // While it is PENDING that is the worker it was taken back from.
      workerId: row.status === "PENDING" ? null : row.worker_id,
      metadata: row.metadata,
      partitionKey: row.partition_key,
      rootExecutionId: row.root_execution_id,
      createdAtMs: row.created_at.getTime(),
      startedAtMs: row.started_at?.getTime() ?? null,
      completedAtMs: row.completed_at?.getTime() ?? null,
    }
  );
}

const setProgress = statement<{ id: string }>()(
  "tasks.setProgress",
  { params: ["orgId", "id", "progress", "details", "now"] },
  ({ param, time }) => sql`
    update task_execution set
      progress = case when status = 'RUNNING' then ${param("progress")}::float8 else progress end,
      progress_details = case when status = 'RUNNING' then ${param("details")}::text else progress_details end,
      last_heartbeat_at = case when status = 'RUNNING' then ${time("now")} else last_heartbeat_at end
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid
    returning id`,
);

/** Stores progress of a RUNNING task; later reports are accepted without effect. False when the task is missing. */
export async function setTaskProgress(
  tx: Executor,
  params: { orgId: string; id: string; progress: number; details: string | null; now: number },
): Promise<boolean> {
  return (await setProgress.run(tx, params)).length > 0;
}

const insertLog = statement<{ id: string }>()(
  "tasks.insertLog",
  { params: ["logId", "orgId", "id", "level", "message", "now"] },
  ({ param, time }) => sql`
    insert into task_execution_log (id, org_id, task_execution_id, level, message, timestamp, created_at)
    select ${param("logId")}::uuid, org_id, id, ${param("level")}, ${param("message")}, ${time("now")}, ${time("now")}
    from task_execution where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid
    returning id`,
);

/** Stores a log line of a known task, at any time. False when the task is missing. */
export async function insertTaskLog(
  tx: Executor,
  params: { logId: string; orgId: string; id: string; level: string; message: string; now: number },
): Promise<boolean> {
  return (await insertLog.run(tx, params)).length > 0;
}

const findOwner = statement<{ workflow_execution_id: string | null }>()(
  "tasks.findOwner",
  { params: ["orgId", "id"] },
  ({ param }) => sql`
    select workflow_execution_id from task_execution
    where id = ${param("id")}::uuid and org_id = ${param("orgId")}::uuid`,
);

/** The workflow of a task, null for a standalone one; undefined when the task is missing or of another org. */
export async function findTaskWorkflow(
  tx: Executor,
  params: { orgId: string; id: string },
): Promise<{ workflowId: string | null } | undefined> {
  const [row] = await findOwner.run(tx, params);
  return row && { workflowId: row.workflow_execution_id };
}
