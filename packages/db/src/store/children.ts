import type { ChildEnd, KnownExecution } from "@flovyn/domain";
import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";
import { type WantedId, wantedIdRows } from "./named-ids.js";

interface KnownRow {
  id: string;
  org_id: string;
  kind: string;
  parent_workflow_execution_id: string | null;
  child_execution_name: string | null;
}

function toKnown(row: KnownRow): KnownExecution & { orgId: string } {
  return {
    orgId: row.org_id,
    kind: row.kind,
    parentId: row.parent_workflow_execution_id,
    childName: row.child_execution_name,
  };
}

const findKnown = statement<KnownRow>()(
  "workflows.findKnown",
  { params: [], sets: { wanted: wantedIdRows } },
  ({ rows }) => sql`
    with holder as (
      select holder.id, org_id, kind, parent_workflow_execution_id, child_execution_name,
        org_id <> "orgId" as foreign_org, substitute
      from ${rows("wanted")} join workflow_execution holder on holder.id = wanted.id
    )
    select id, org_id, kind, parent_workflow_execution_id, child_execution_name from holder
    union all
    select second.id, second.org_id, second.kind, second.parent_workflow_execution_id, second.child_execution_name
    from holder join workflow_execution second on holder.foreign_org and second.id = holder.substitute`,
);

/** What is known of the executions that have the wanted ids, and of those that have the substitutes of foreign ones. */
export async function findKnownExecutions(
  tx: Executor,
  wanted: readonly WantedId[],
): Promise<Map<string, KnownExecution & { orgId: string }>> {
  if (wanted.length === 0) return new Map();
  return new Map((await findKnown.run(tx, { wanted })).map((row) => [row.id, toKnown(row)]));
}

const findByName = statement<{
  id: string;
  kind: string;
  parent_workflow_execution_id: string;
  child_execution_name: string;
}>()(
  "workflows.findChildrenByName",
  { params: [], sets: { wanted: { parentId: "uuid", name: "text" } } },
  ({ rows }) => sql`
    select id, kind, parent_workflow_execution_id, child_execution_name from ${rows("wanted")}
    join workflow_execution on parent_workflow_execution_id = "parentId" and child_execution_name = wanted.name`,
);

/** Ids and kinds of children by `parent/name`. */
export async function findChildrenByName(
  tx: Executor,
  wanted: readonly { parentId: string; name: string }[],
): Promise<Map<string, { id: string; kind: string }>> {
  if (wanted.length === 0) return new Map();
  const rows = await findByName.run(tx, { wanted });
  return new Map(
    rows.map((row) => [
      `${row.parent_workflow_execution_id}/${row.child_execution_name}`,
      { id: row.id, kind: row.kind },
    ]),
  );
}

const findLiveOf = statement<{ id: string }>()(
  "workflows.findLiveChildren",
  { params: ["parentIds", "limit"] },
  ({ param }) => sql`
    select id from workflow_execution
    where parent_workflow_execution_id = any(${param("parentIds")}::uuid[]) and status in ('PENDING', 'RUNNING', 'WAITING')
    limit ${param("limit")}::int`,
);

/** Live children of workflows. Read without locks. */
export async function findLiveChildren(
  tx: Executor,
  params: { parentIds: readonly string[]; limit: number },
): Promise<string[]> {
  return (await findLiveOf.run(tx, params)).map((row) => row.id);
}

interface EndRow {
  id: string;
  parent_workflow_execution_id: string;
  kind: string;
  child_execution_name: string;
  status: ChildEnd["status"];
  output: Uint8Array | null;
  error: string | null;
  cancellation_reason: string | null;
}

export interface OwedEnd extends ChildEnd {
  parentId: string;
}

const findOwedEnds = statement<EndRow>()(
  "workflows.findOwedEnds",
  { params: ["ids"] },
  ({ param }) => sql`
    select id, parent_workflow_execution_id, kind, child_execution_name, status, output, error, cancellation_reason
    from workflow_execution where id = any(${param("ids")}::uuid[]) and owes_parent`,
);

/** How the children ended that have not told their parent yet. What ended does not change, so no lock is needed. */
export async function findOwedChildEnds(tx: Executor, ids: readonly string[]): Promise<OwedEnd[]> {
  return (await findOwedEnds.run(tx, { ids })).map((row) => ({
    id: row.id,
    parentId: row.parent_workflow_execution_id,
    kind: row.kind,
    name: row.child_execution_name,
    status: row.status,
    output: row.output,
    error: row.error,
    cancellationReason: row.cancellation_reason,
  }));
}

export interface OwingWorkflow {
  id: string;
  owesParent: boolean;
  owesMembers: boolean;
  /** Size of what the parent will be told, in bytes. */
  bytes: number;
}

const findOwing = statement<{ id: string; owes_parent: boolean; owes_members: boolean; bytes: number }>()(
  "workflows.findOwing",
  { params: ["before", "limit"] },
  ({ param, time }) => sql`
    select id, owes_parent, owes_members, coalesce(octet_length(output), 0) as bytes from workflow_execution
    where (owes_parent or owes_members) and completed_at <= ${time("before")}
    order by completed_at, id limit ${param("limit")}::int`,
);

/** Ended workflows of whose end parent or members were not told, though it is some time ago. Read without locks. */
export async function findOwingWorkflows(
  tx: Executor,
  params: { before: number; limit: number },
): Promise<OwingWorkflow[]> {
  return (await findOwing.run(tx, params)).map((row) => ({
    id: row.id,
    owesParent: row.owes_parent,
    owesMembers: row.owes_members,
    bytes: row.bytes,
  }));
}

const findCancelled = statement<{ id: string; cancellation_reason: string | null; cancelled_by: string | null }>()(
  "workflows.findCancellations",
  { params: ["ids"] },
  ({ param }) => sql`
    select id, cancellation_reason, cancelled_by from workflow_execution where id = any(${param("ids")}::uuid[])`,
);

/** Why and by whom workflows were cancelled. */
export async function findCancellations(
  tx: Executor,
  ids: readonly string[],
): Promise<Map<string, { reason: string; by: string }>> {
  const rows = await findCancelled.run(tx, { ids });
  return new Map(rows.map((row) => [row.id, { reason: row.cancellation_reason ?? "", by: row.cancelled_by ?? "" }]));
}
