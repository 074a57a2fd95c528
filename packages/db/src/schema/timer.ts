import { sql } from "drizzle-orm";
import { bigint, check, index, integer, pgTable, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";
import { workflowExecution } from "./workflow.js";

/** A timer of one run of a workflow. Events are the truth for replay; this is how due ones are found. */
export const timer = pgTable(
  "timer",
  {
    id: id(),
    orgId: uuid().notNull(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
    run: integer().notNull(),
    /** Chosen by the worker, unique in the run. */
    timerId: varchar({ length: 255 }).notNull(),
    durationMs: bigint({ mode: "number" }).notNull(),
    fireAt: instant().notNull(),
    status: varchar({ length: 20 }).notNull(),
    createdBySequence: integer().notNull(),
    createdAt: instant().notNull(),
    endedAt: instant(),
  },
  (table) => [
    // timers.findMany
    uniqueIndex("timer_workflow").on(table.workflowExecutionId, table.run, table.timerId),
    // timers.findDue, timers.nextDue
    index("timer_due").on(table.fireAt, table.id).where(sql`status = 'ARMED'`),
    check("timer_status", sql`${table.status} in ('ARMED', 'FIRED', 'CANCELLED')`),
    check("timer_ended", sql`(${table.endedAt} is null) = (${table.status} = 'ARMED')`),
  ],
);
