import { integer, pgTable, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";
import { workflowExecution } from "./workflow.js";

/** Signals that came with an id of their own: the same id twice is one signal. Signals themselves are events. */
export const workflowSignal = pgTable(
  "workflow_signal",
  {
    id: id(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
    run: integer().notNull(),
    signalId: varchar({ length: 255 }).notNull(),
    sequenceNumber: integer().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    // signals.findMany
    uniqueIndex("workflow_signal_id").on(table.workflowExecutionId, table.run, table.signalId),
  ],
);
