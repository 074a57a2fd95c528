import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  foreignKey,
  index,
  integer,
  pgTable,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { executionFacts } from "./execution-facts.js";

export const workflowExecution = pgTable(
  "workflow_execution",
  {
    id: id(),
    ...executionFacts(),
    /** CODE: a worker decides. GRAPH: the server does. */
    mode: varchar({ length: 10 }).notNull().default("CODE"),
    /** Counts from 1; a retried workflow starts the next run with a clean history. */
    run: integer().notNull().default(1),
    /** Highest event sequence of the current run; sequences are given out under the lock of this row. */
    currentSequence: integer().notNull(),
    /** Sequence of the last event that did not come from the workflow's own worker. */
    externalSequence: integer().notNull().default(0),
    /** An external event arrived while a worker held the workflow: its next suspend goes to PENDING. */
    wakePending: boolean().notNull().default(false),
    /** The workflow's clock for the current activation, fixed at the claim. */
    workflowTaskTimeMillis: bigint({ mode: "number" }),
    workflowVersion: varchar({ length: 50 }),
    workflowDefinitionId: uuid(),
    parentWorkflowExecutionId: uuid().references((): AnyPgColumn => workflowExecution.id, { onDelete: "cascade" }),
    childExecutionName: varchar({ length: 255 }),
  },
  (table) => [
    // workflows.claimMany, workflows.listOverdueQueues
    index("workflow_execution_claim")
      .on(table.orgId, table.queue, table.dispatchAt, table.id)
      .where(sql`status = 'PENDING' and blocked_by is null and mode = 'CODE'`),
    // workflows.findExpiredLeases
    index("workflow_execution_lease").on(table.leaseExpiresAt).where(sql`status = 'RUNNING'`),
    // workflows.findOfLostWorkers
    index("workflow_execution_worker").on(table.orgId, table.workerId).where(sql`status = 'RUNNING'`),
    // workflows.list: version 7 ids ascend with creation
    index("workflow_execution_org").on(table.orgId, table.id),
    // executions by partition
    index("workflow_execution_partition").on(table.orgId, table.partitionKey, table.id),
    // children of a workflow
    index("workflow_execution_parent")
      .on(table.parentWorkflowExecutionId)
      .where(sql`parent_workflow_execution_id is not null`),
    check(
      "workflow_status",
      sql`${table.status} in ('PENDING', 'RUNNING', 'WAITING', 'COMPLETED', 'FAILED', 'CANCELLED')`,
    ),
    check("workflow_mode", sql`${table.mode} in ('CODE', 'GRAPH')`),
    check("workflow_partition", sql`${table.partitionKey} between 0 and 255`),
    check(
      "workflow_terminal_has_end",
      sql`(${table.completedAt} is not null) = (${table.status} in ('COMPLETED', 'FAILED', 'CANCELLED'))`,
    ),
    check("workflow_lease_while_running", sql`${table.leaseExpiresAt} is null or ${table.status} = 'RUNNING'`),
    check("workflow_blocked_while_pending", sql`${table.blockedBy} is null or ${table.status} = 'PENDING'`),
  ],
);

/** Append-only history: what replay reads. */
export const workflowEvent = pgTable(
  "workflow_event",
  {
    id: id(),
    orgId: uuid().notNull(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
    run: integer().notNull(),
    sequenceNumber: integer().notNull(),
    eventType: varchar({ length: 100 }).notNull(),
    eventData: bytea().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    // events.list
    uniqueIndex("workflow_event_sequence").on(table.workflowExecutionId, table.run, table.sequenceNumber),
    check("workflow_event_sequence_positive", sql`${table.sequenceNumber} > 0`),
  ],
);

/** Workflow state by key, written with its event; events are the truth for replay. */
export const workflowState = pgTable(
  "workflow_state",
  {
    id: id(),
    workflowExecutionId: uuid()
      .notNull()
      .references(() => workflowExecution.id, { onDelete: "cascade" }),
    key: varchar({ length: 255 }).notNull(),
    value: bytea().notNull(),
    createdAt: instant().notNull(),
    updatedAt: instant().notNull(),
  },
  (table) => [uniqueIndex("workflow_state_key").on(table.workflowExecutionId, table.key)],
);

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
    // keys.deleteExpired
    index("idempotency_key_expiry").on(table.expiresAt),
    foreignKey({
      name: "idempotency_key_workflow_fk",
      columns: [table.workflowExecutionId],
      foreignColumns: [workflowExecution.id],
    }).onDelete("cascade"),
    check(
      "idempotency_key_one_owner",
      sql`num_nonnulls(${table.workflowExecutionId}, ${table.taskExecutionId}, ${table.promiseId}) <= 1`,
    ),
  ],
);
