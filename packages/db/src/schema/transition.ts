import { sql } from "drizzle-orm";
import { boolean, check, integer, jsonb, pgTable, text, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { id, instant } from "./columns.js";
import { taskExecution } from "./task.js";
import { workflowExecution } from "./workflow.js";

/**
 * The audit history of an execution, written in the transaction that changes the status. Rows are never changed but for
 * `most_recent`; a trigger of the first migration refuses anything else.
 */
const transitionFacts = () => ({
  id: id(),
  orgId: uuid().notNull(),
  fromState: varchar({ length: 20 }),
  toState: varchar({ length: 20 }).notNull(),
  actorType: varchar({ length: 10 }).notNull(),
  actorId: text().notNull(),
  reason: text(),
  attempt: integer().notNull(),
  claimEpoch: integer().notNull(),
  metadata: jsonb(),
  sortKey: integer().notNull(),
  mostRecent: boolean().notNull(),
  createdAt: instant().notNull(),
});

export const workflowTransition = pgTable(
  "workflow_transition",
  {
    ...transitionFacts(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
  },
  (table) => [
    uniqueIndex("workflow_transition_sort_key").on(table.workflowExecutionId, table.sortKey),
    uniqueIndex("workflow_transition_most_recent").on(table.workflowExecutionId).where(sql`most_recent`),
    check(
      "workflow_transition_states",
      sql`${table.toState} in ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED')`,
    ),
    check("workflow_transition_actor", sql`${table.actorType} in ('worker', 'system', 'user', 'graph')`),
  ],
);

export const taskTransition = pgTable(
  "task_transition",
  {
    ...transitionFacts(),
    taskExecutionId: uuid()
      .notNull()
      .references(() => taskExecution.id, { onDelete: "cascade" }),
  },
  (table) => [
    uniqueIndex("task_transition_sort_key").on(table.taskExecutionId, table.sortKey),
    uniqueIndex("task_transition_most_recent").on(table.taskExecutionId).where(sql`most_recent`),
    check(
      "task_transition_states",
      sql`${table.toState} in ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')`,
    ),
    check("task_transition_actor", sql`${table.actorType} in ('worker', 'system', 'user', 'graph')`),
  ],
);
