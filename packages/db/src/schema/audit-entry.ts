import { sql } from "drizzle-orm";
import { check, index, pgTable, text, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";

/**
 * Who did what to which object, how it ended, and from where. Rows are never changed; a trigger sees to that. No foreign
 * key to organization: what was done to an org outlives it.
 */
export const auditEntry = pgTable(
  "audit_entry",
  {
    id: id(),
    /** Null for what belongs to no org. */
    orgId: uuid(),
    occurredAt: instant().notNull(),
    principalType: varchar({ length: 20 }).notNull(),
    principalId: varchar({ length: 255 }).notNull(),
    role: varchar({ length: 50 }).notNull(),
    action: varchar({ length: 100 }).notNull(),
    resourceType: varchar({ length: 50 }).notNull(),
    resourceId: varchar({ length: 255 }).notNull(),
    outcome: varchar({ length: 10 }).notNull(),
    reason: varchar({ length: 500 }).notNull(),
    address: text().notNull(),
    requestId: varchar({ length: 128 }).notNull(),
    door: varchar({ length: 10 }).notNull(),
  },
  (table) => [
    // auditEntries.list
    index("audit_entry_org").on(table.orgId, table.id),
    check("audit_entry_outcome", sql`${table.outcome} in ('allowed', 'denied', 'failed')`),
    check("audit_entry_door", sql`${table.door} in ('grpc', 'http')`),
  ],
);
