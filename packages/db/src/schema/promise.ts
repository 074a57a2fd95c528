import { sql } from "drizzle-orm";
import { check, index, integer, pgTable, text, uuid, varchar } from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { workflowExecution } from "./workflow.js";

/** A promise of a workflow. Its identity is the id; names may repeat in one workflow. */
export const promise = pgTable(
  "promise",
  {
    id: id(),
    orgId: uuid().notNull(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
    run: integer().notNull(),
    name: varchar({ length: 255 }).notNull(),
    status: varchar({ length: 20 }).notNull(),
    value: bytea(),
    error: text(),
    timeoutAt: instant(),
    createdBySequence: integer().notNull(),
    settledBySequence: integer(),
    settledBy: text(),
    createdAt: instant().notNull(),
    settledAt: instant(),
  },
  (table) => [
    // promises.findOfWorkflows, promises.closeOf
    index("promise_workflow").on(table.workflowExecutionId, table.name),
    // promises.findTimedOut, promises.nextTimeout
    index("promise_timeout").on(table.timeoutAt, table.id).where(sql`status = 'OPEN' and timeout_at is not null`),
    check("promise_status", sql`${table.status} in ('OPEN', 'RESOLVED', 'REJECTED', 'TIMED_OUT', 'CANCELLED')`),
    check("promise_settled", sql`(${table.settledAt} is null) = (${table.status} = 'OPEN')`),
  ],
);
