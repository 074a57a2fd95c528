import { sql } from "drizzle-orm";
import type { Executor } from "../database.js";
import { statement } from "../statement.js";

export interface AuditEntryRow {
  id: string;
  /** Null for what belongs to no org. */
  orgId: string | null;
  occurredAt: number;
  principalType: string;
  principalId: string;
  role: string;
  action: string;
  resourceType: string;
  resourceId: string;
  outcome: string;
  reason: string;
  address: string;
  requestId: string;
  door: string;
}

const insertMany = statement<never>()(
  "auditEntries.insertMany",
  {
    params: [],
    sets: {
      entry: {
        id: "uuid",
        orgId: "uuid",
        occurredAt: "timestamptz",
        principalType: "text",
        principalId: "text",
        role: "text",
        action: "text",
        resourceType: "text",
        resourceId: "text",
        outcome: "text",
        reason: "text",
        address: "text",
        requestId: "text",
        door: "text",
      },
    },
  },
  ({ rows }) => sql`
    insert into audit_entry (id, org_id, occurred_at, principal_type, principal_id, role, action, resource_type,
      resource_id, outcome, reason, address, request_id, door)
    select id, "orgId", "occurredAt", "principalType", "principalId", role, action, "resourceType", "resourceId", outcome,
      reason, address, "requestId", door
    from ${rows("entry")}
    on conflict (id) do nothing`,
);

/** Adds entries; those that are there already stay as they are. */
export async function insertAuditEntries(tx: Executor, entry: readonly AuditEntryRow[]): Promise<void> {
  if (entry.length > 0) await insertMany.run(tx, { entry });
}

export interface AuditFilter {
  orgId: string | null;
  action: string | null;
  principalId: string | null;
  resourceId: string | null;
  outcome: string | null;
  /** From this time on, and before that one. */
  fromMs: number | null;
  toMs: number | null;
}

interface Row {
  id: string;
  org_id: string | null;
  occurred_at: Date;
  principal_type: string;
  principal_id: string;
  role: string;
  action: string;
  resource_type: string;
  resource_id: string;
  outcome: string;
  reason: string;
  address: string;
  request_id: string;
  door: string;
}

const list = statement<Row>()(
  "auditEntries.list",
  {
    params: ["orgId", "action", "principalId", "resourceId", "outcome", "fromMs", "toMs", "before", "limit"],
  },
  ({ param, time }) => sql`
    select id, org_id, occurred_at, principal_type, principal_id, role, action, resource_type, resource_id, outcome, reason,
      address, request_id, door
    from audit_entry
    where org_id is not distinct from ${param("orgId")}::uuid
      and (${param("before")}::uuid is null or id < ${param("before")}::uuid)
      and (${param("action")}::text is null or action = ${param("action")})
      and (${param("principalId")}::text is null or principal_id = ${param("principalId")})
      and (${param("resourceId")}::text is null or resource_id = ${param("resourceId")})
      and (${param("outcome")}::text is null or outcome = ${param("outcome")})
      and (${time("fromMs")} is null or occurred_at >= ${time("fromMs")})
      and (${time("toMs")} is null or occurred_at < ${time("toMs")})
    order by id desc limit ${param("limit")}::int`,
);

/** Newest first, those before an id; of the whole cluster where the org is null. */
export async function listAuditEntries(
  tx: Executor,
  params: AuditFilter & { before: string | null; limit: number },
): Promise<AuditEntryRow[]> {
  return (await list.run(tx, params)).map((row) => ({
    id: row.id,
    orgId: row.org_id,
    occurredAt: row.occurred_at.getTime(),
    principalType: row.principal_type,
    principalId: row.principal_id,
    role: row.role,
    action: row.action,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    outcome: row.outcome,
    reason: row.reason,
    address: row.address,
    requestId: row.request_id,
    door: row.door,
  }));
}
