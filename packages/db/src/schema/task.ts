import { sql } from "drizzle-orm";
import { check, doublePrecision, index, integer, pgTable, text, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { executionFacts } from "./execution-facts.js";
import { anyPartition } from "./list-predicates.js";
import { workflowExecution } from "./workflow.js";

export const taskExecution = pgTable(
  "task_execution",
  {
    /** Chosen by the client for tasks of workflows. */
    id: id(),
    ...executionFacts(),
    workflowExecutionId: uuid().references(() => workflowExecution.id, { onDelete: "cascade" }),
    /** Sequence of its TASK_SCHEDULED event; null for a task that stands in no history. */
    scheduledSequence: integer(),
    executionCount: integer().notNull().default(0),
    failureCount: integer().notNull().default(0),
    reclaimCount: integer().notNull().default(0),
    maxRetries: integer().notNull().default(3),
    progress: doublePrecision(),
    progressDetails: text(),
    lastHeartbeatAt: instant(),
    stepName: varchar({ length: 255 }),
    namedStepId: uuid(),
    definitionStepId: uuid(),
    remainingDeps: integer(),
    resolution: varchar({ length: 20 }),
  },
  (table) => [
    // tasks.claimMany, tasks.listOverdueQueues
    index("task_execution_claim")
      .on(table.orgId, table.queue, table.dispatchAt, table.id)
      .where(sql`status = 'PENDING' and blocked_by is null`),
    // tasks.findExpiredLeases
    index("task_execution_lease").on(table.leaseExpiresAt).where(sql`status = 'RUNNING'`),
    // tasks.findOfLostWorkers
    index("task_execution_worker").on(table.orgId, table.workerId).where(sql`status = 'RUNNING'`),
    // tasks.findPastDeadline, tasks.nextDeadline
    index("task_execution_deadline")
      .on(table.deadlineAt)
      .where(sql`deadline_at is not null and status in ('PENDING', 'RUNNING')`),
    // tasks of a workflow
    index("task_execution_workflow").on(table.workflowExecutionId).where(sql`workflow_execution_id is not null`),
    index("task_execution_org").on(table.orgId, table.id),
    index("task_execution_partition").on(table.orgId, table.partitionKey, table.id).where(anyPartition),
    check("task_status", sql`${table.status} in ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED')`),
    check("task_kind_not_blank", sql`btrim(${table.kind}) <> ''`),
    check("task_partition", sql`${table.partitionKey} between 0 and 255`),
    check(
      "task_terminal_has_end",
      sql`(${table.completedAt} is not null) = (${table.status} in ('COMPLETED', 'FAILED', 'CANCELLED'))`,
    ),
    check("task_lease_while_running", sql`${table.leaseExpiresAt} is null or ${table.status} = 'RUNNING'`),
    check("task_blocked_while_pending", sql`${table.blockedBy} is null or ${table.status} = 'PENDING'`),
  ],
);

/** One row for each attempt that ended: who, when, with what result. */
export const taskAttempt = pgTable(
  "task_attempt",
  {
    id: id(),
    orgId: uuid().notNull(),
    taskExecutionId: uuid()
      .notNull()
      .references(() => taskExecution.id, { onDelete: "cascade" }),
    attempt: integer().notNull(),
    attemptType: varchar({ length: 10 }).notNull(),
    workerId: text(),
    claimEpoch: integer().notNull(),
    status: varchar({ length: 20 }).notNull(),
    output: bytea(),
    error: text(),
    startedAt: instant().notNull(),
    finishedAt: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    uniqueIndex("task_attempt_number").on(table.taskExecutionId, table.attempt),
    check("task_attempt_status", sql`${table.status} in ('COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED', 'RECLAIMED')`),
  ],
);

export const taskExecutionLog = pgTable(
  "task_execution_log",
  {
    id: id(),
    orgId: uuid().notNull(),
    taskExecutionId: uuid()
      .notNull()
      .references(() => taskExecution.id, { onDelete: "cascade" }),
    level: varchar({ length: 10 }).notNull(),
    message: text().notNull(),
    timestamp: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    index("task_execution_log_time").on(table.taskExecutionId, table.timestamp, table.id),
    check("task_execution_log_level", sql`${table.level} in ('DEBUG', 'INFO', 'WARN', 'ERROR')`),
  ],
);

/** Key/value state of a task that its attempts share. */
export const taskState = pgTable(
  "task_state",
  {
    id: id(),
    taskExecutionId: uuid()
      .notNull()
      .references(() => taskExecution.id, { onDelete: "cascade" }),
    key: varchar({ length: 255 }).notNull(),
    value: bytea().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [uniqueIndex("task_state_key").on(table.taskExecutionId, table.key)],
);
