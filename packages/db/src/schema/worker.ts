import { sql } from "drizzle-orm";
import { boolean, check, index, integer, pgTable, text, unique, uniqueIndex, uuid, varchar } from "drizzle-orm/pg-core";
import { bytea, id, instant } from "./columns.js";
import { organization } from "./organization.js";

export const worker = pgTable(
  "worker",
  {
    id: id(),
    orgId: uuid()
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    teamId: uuid(),
    /** Who registered it, as `Worker/token:…`: a name means a worker of its principal. Empty: not known. */
    principal: text().notNull().default(""),
    workerName: varchar({ length: 255 }).notNull(),
    workerVersion: varchar({ length: 50 }).notNull(),
    workerType: varchar({ length: 20 }).notNull(),
    hostName: varchar({ length: 255 }).notNull(),
    processId: varchar({ length: 50 }).notNull(),
    status: varchar({ length: 20 }).notNull().default("ONLINE"),
    metadata: bytea().notNull(),
    lastHeartbeatAt: instant().notNull(),
    registeredAt: instant().notNull(),
    createdAt: instant().notNull(),
  },
  (table) => [
    // workers.upsert, workers.findKinds
    uniqueIndex("worker_name_of_principal").on(table.orgId, table.workerName, table.principal),
    check("worker_type", sql`${table.workerType} in ('WORKFLOW', 'TASK', 'UNIFIED')`),
    check("worker_status", sql`${table.status} in ('ONLINE', 'OFFLINE', 'DEGRADED')`),
  ],
);

/**
 * The last sign of life of a worker, by its principal and the id it polls with: free text, a worker name, or the UUID of a
 * worker. Leases of workers that never send heartbeats are extended by it.
 */
export const workerPresence = pgTable(
  "worker_presence",
  {
    id: id(),
    orgId: uuid().notNull(),
    /** Whose worker it is, as `Worker/token:…`. Empty: not known. */
    principal: text().notNull().default(""),
    workerKey: text().notNull(),
    lastSeenAt: instant().notNull(),
    /** Its session stream broke; its work is released unless it is seen again within the grace. */
    lostAt: instant(),
    /** It owns a session stream, so a short silence already means that it, or its gateway, is gone. */
    session: boolean().notNull().default(false),
  },
  (table) => [
    // presence.seen, workflows.reclaim, tasks.reclaim
    uniqueIndex("worker_presence_of_principal").on(table.orgId, table.workerKey, table.principal),
    // presence.lost
    index("worker_presence_lost").on(table.lostAt).where(sql`lost_at is not null`),
    // presence.loseSilentSessions
    index("worker_presence_session").on(table.lastSeenAt).where(sql`session and lost_at is null`),
    // presence.forget
    index("worker_presence_last_seen").on(table.lastSeenAt),
  ],
);

export const workflowDefinition = pgTable(
  "workflow_definition",
  {
    id: id(),
    orgId: uuid()
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    teamId: uuid(),
    kind: varchar({ length: 255 }).notNull(),
    name: varchar({ length: 255 }).notNull(),
    description: text().notNull(),
    timeoutSeconds: integer(),
    retryPolicy: bytea().notNull(),
    tags: text().array().notNull(),
    cancellable: boolean().notNull().default(false),
    latestVersion: varchar({ length: 50 }).notNull(),
    inputSchema: bytea().notNull(),
    outputSchema: bytea().notNull(),
    metadata: bytea().notNull(),
    availabilityStatus: varchar({ length: 20 }).notNull().default("AVAILABLE"),
    firstSeenAt: instant().notNull(),
    lastRegisteredAt: instant().notNull(),
  },
  (table) => [unique("workflow_definition_kind").on(table.orgId, table.teamId, table.kind).nullsNotDistinct()],
);

export const taskDefinition = pgTable(
  "task_definition",
  {
    id: id(),
    orgId: uuid()
      .notNull()
      .references(() => organization.id, { onDelete: "cascade" }),
    teamId: uuid(),
    kind: varchar({ length: 255 }).notNull(),
    name: varchar({ length: 255 }).notNull(),
    description: text().notNull(),
    timeoutSeconds: integer(),
    retryPolicy: bytea().notNull(),
    tags: text().array().notNull(),
    cancellable: boolean().notNull().default(false),
    inputSchema: bytea().notNull(),
    outputSchema: bytea().notNull(),
    metadata: bytea().notNull(),
    availabilityStatus: varchar({ length: 20 }).notNull().default("AVAILABLE"),
    firstSeenAt: instant().notNull(),
    lastRegisteredAt: instant().notNull(),
  },
  (table) => [unique("task_definition_kind").on(table.orgId, table.teamId, table.kind).nullsNotDistinct()],
);

/** Which workflow kinds a worker declared when it registered. */
export const workerWorkflowCapability = pgTable(
  "worker_workflow_capability",
  {
    id: id(),
    workerId: uuid()
      .notNull()
      .references(() => worker.id, { onDelete: "cascade" }),
    definitionId: uuid()
      .notNull()
      .references(() => workflowDefinition.id, { onDelete: "cascade" }),
    version: varchar({ length: 50 }).notNull(),
    contentHash: varchar({ length: 128 }).notNull(),
    registeredAt: instant().notNull(),
  },
  (table) => [uniqueIndex("worker_workflow_capability_pair").on(table.workerId, table.definitionId)],
);

/** Which task kinds a worker declared when it registered. */
export const workerTaskCapability = pgTable(
  "worker_task_capability",
  {
    id: id(),
    workerId: uuid()
      .notNull()
      .references(() => worker.id, { onDelete: "cascade" }),
    definitionId: uuid()
      .notNull()
      .references(() => taskDefinition.id, { onDelete: "cascade" }),
    registeredAt: instant().notNull(),
  },
  (table) => [uniqueIndex("worker_task_capability_pair").on(table.workerId, table.definitionId)],
);
