import { newId } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor, Transaction } from "../database.js";
import { statement } from "../statement.js";

export interface StateWriteRow {
  workflowId: string;
  key: string;
  /** Null clears the key. */
  value: Uint8Array | null;
}

const upsertMany = statement<never>()(
  "workflowState.upsertMany",
  { params: ["now"], sets: { write: { id: "uuid", workflowId: "uuid", key: "text", value: "bytea" } } },
  ({ time, rows }) => sql`
    insert into workflow_state (id, workflow_execution_id, key, value, created_at, updated_at)
    select id, "workflowId", key, value, ${time("now")}, ${time("now")} from ${rows("write")}
    order by "workflowId", key
    on conflict (workflow_execution_id, key) do update set value = excluded.value, updated_at = excluded.updated_at`,
);

const clearMany = statement<never>()(
  "workflowState.clearMany",
  { params: [], sets: { write: { workflowId: "uuid", key: "text" } } },
  ({ rows }) => sql`
    delete from workflow_state using ${rows("write")}
    where workflow_execution_id = "workflowId" and workflow_state.key = write.key`,
);

/** Writes the state of locked workflows; of several writes to one key the last one counts. */
export function writeWorkflowState(tx: Transaction, now: number, writes: readonly StateWriteRow[]): void {
  if (writes.length === 0) return;
  const last = new Map(writes.map((write) => [`${write.workflowId}/${write.key}`, write]));
  const sets = [...last.values()].filter((write) => write.value !== null);
  const clears = [...last.values()].filter((write) => write.value === null);
  if (sets.length > 0) {
    tx.defer(upsertMany.run(tx, { now, write: sets.map((write) => ({ id: newId(), ...write })) }));
  }
  if (clears.length > 0) tx.defer(clearMany.run(tx, { write: clears }));
}

const list = statement<{ key: string; value: Uint8Array }>()(
  "workflowState.list",
  { params: ["orgId", "workflowId"] },
  ({ param }) => sql`
    select state.key, state.value from workflow_execution execution
    join workflow_state state on state.workflow_execution_id = execution.id
    where execution.id = ${param("workflowId")}::uuid and execution.org_id = ${param("orgId")}::uuid
    order by state.key`,
);

/** The state of an execution by key; empty also when the execution is missing or of another org. */
export async function listWorkflowState(
  tx: Executor,
  params: { orgId: string; workflowId: string },
): Promise<{ key: string; value: Uint8Array }[]> {
  return list.run(tx, params);
}
