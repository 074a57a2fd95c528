import { bigint, boolean, integer, jsonb, smallint, text, uuid, varchar } from "drizzle-orm/pg-core";
import { bytea, instant } from "./columns.js";

/**
 * The facts that workflow and task executions share. Hot rows carry no foreign key to organization: each insert would
 * lock the one row of the organisation, and organisations are checked at the door. See docs/adr.
 */
export const executionFacts = () => ({
  orgId: uuid().notNull(),
  teamId: uuid(),
  kind: varchar({ length: 255 }).notNull(),
  namespace: varchar({ length: 255 }),
  queue: varchar({ length: 100 }).notNull(),
  status: varchar({ length: 20 }).notNull(),
  /** Why a PENDING row is not handed out; null when it may be. */
  blockedBy: varchar({ length: 20 }),
  terminalReason: varchar({ length: 40 }),
  /** The root's value for everything a root owns; a label, not a physical partition. */
  partitionKey: smallint().notNull(),
  rootExecutionId: uuid().notNull(),
  correlationId: uuid(),
  parentCorrelationId: uuid(),
  createdBy: text(),
  sourceSystem: text(),
  reason: text(),

  input: bytea().notNull(),
  output: bytea(),
  error: text(),
  payloadEncoding: varchar({ length: 20 }),
  requestHash: bytea(),
  metadata: jsonb().notNull().default({}),
  policy: jsonb(),

  priorityMs: bigint({ mode: "number" }).notNull().default(0),
  availableAt: instant().notNull(),
  /** greatest(created_at, available_at) − priority: the order of claims. Written by the code. */
  dispatchAt: instant().notNull(),
  requiredCapabilities: text().array(),
  workerPoolId: text(),

  /** Raised by every claim and every reclaim: a write that carries an older one is refused. */
  claimEpoch: integer().notNull().default(0),
  workerId: text(),
  /** Whose worker that is, as `Worker/token:…`, written by the claim. Null: not known, or never claimed. */
  workerPrincipal: text(),
  leaseExpiresAt: instant(),
  /** Lease the poll asked for: only a heartbeat extends it. Null: any sign of life of the worker does. */
  ownLeaseMs: integer(),

  deadlineAt: instant(),
  cancelRequestedAt: instant(),
  cancellationReason: varchar({ length: 500 }),
  cancelledBy: text(),

  transitionCount: integer().notNull().default(0),
  hasIdempotencyKey: boolean().notNull().default(false),
  traceparent: varchar({ length: 55 }).notNull().default(""),
  createdAt: instant().notNull(),
  updatedAt: instant().notNull(),
  startedAt: instant(),
  completedAt: instant(),
});
