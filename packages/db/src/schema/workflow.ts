import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  text,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { executionFacts } from "./execution-facts.js";
import { anyCreation, anyPartition } from "./list-predicates.js";

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
    /** Bytes of the event data of the current run. Null: nothing was appended since the column exists; they are summed. */
    historyBytes: bigint({ mode: "number" }),
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
    /** Sequence of its CHILD_WORKFLOW_INITIATED event; null when no history of a parent holds it. */
    initiatedSequence: integer(),
    signalCount: integer().notNull().default(0),
    /** Activations that failed since the last one that succeeded. */
    activationFailures: integer().notNull().default(0),
    /** What the last of them said; it counts while there are failures. */
    activationFailureReason: varchar({ length: 50 }),
    activationFailureMessage: text(),
    activationFailureSequence: integer(),
    activationFailedAt: instant(),
    /** It created timers or promises: its end has to close those that are left. */
    hasWaits: boolean().notNull().default(false),
    /** It ended, and its parent has not been told. */
    owesParent: boolean().notNull().default(false),
    /** It was cancelled, and its children may still live. */
    owesMembers: boolean().notNull().default(false),
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
    // workflows.list: ids do not ascend with creation, workers choose those of children
    index("workflow_execution_created").on(table.orgId, table.createdAt, table.id).where(anyCreation),
    // workflows.list of those whose activations fail
    index("workflow_execution_failing").on(table.orgId, table.createdAt, table.id).where(sql`activation_failures > 0`),
    // executions by partition
    index("workflow_execution_partition").on(table.orgId, table.partitionKey, table.id).where(anyPartition),
    // workflows.findLiveChildren
    index("workflow_execution_parent")
      .on(table.parentWorkflowExecutionId)
      .where(sql`parent_workflow_execution_id is not null`),
    // workflows.findChildrenByName; a name stands for one child
    uniqueIndex("workflow_execution_child_name")
      .on(table.parentWorkflowExecutionId, table.childExecutionName)
      .where(sql`child_execution_name is not null`),
    // workflows.findOwing
    index("workflow_execution_owing").on(table.completedAt, table.id).where(sql`owes_parent or owes_members`),
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
