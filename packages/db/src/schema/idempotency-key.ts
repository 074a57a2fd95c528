import { sql } from "drizzle-orm";
import { check, foreignKey, index, pgTable, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";
import { promise } from "./promise.js";
import { workflowExecution } from "./workflow.js";

/** A key is taken by at most one live or completed execution of the org. */
export const idempotencyKey = pgTable(
  "idempotency_key",
  {
    id: id(),
    orgId: uuid().notNull(),
    key: varchar({ length: 255 }).notNull(),
    workflowExecutionId: uuid(),
    taskExecutionId: uuid(),
    promiseId: uuid(),
    expiresAt: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    // keys.take
    uniqueIndex("idempotency_key_org_key").on(table.orgId, table.key),
    // keys.release
    index("idempotency_key_workflow").on(table.workflowExecutionId).where(sql`workflow_execution_id is not null`),
    index("idempotency_key_task").on(table.taskExecutionId).where(sql`task_execution_id is not null`),
    index("idempotency_key_promise").on(table.promiseId).where(sql`promise_id is not null`),
    // keys.deleteExpired
    index("idempotency_key_expiry").on(table.expiresAt),
    foreignKey({
      name: "idempotency_key_workflow_fk",
      columns: [table.workflowExecutionId],
      foreignColumns: [workflowExecution.id],
    }).onDelete("cascade"),
    foreignKey({
      name: "idempotency_key_promise_fk",
      columns: [table.promiseId],
      foreignColumns: [promise.id],
    }).onDelete("cascade"),
    check(
      "idempotency_key_one_owner",
      sql`num_nonnulls(${table.workflowExecutionId}, ${table.taskExecutionId}, ${table.promiseId}) <= 1`,
    ),
  ],
);
