import { z } from "@hono/zod-openapi";

/** Shapes of the REST interface, for the OpenAPI document and, where callers send them, for checking. */

export const json = z.unknown().openapi({ description: "Any JSON value, kept byte for byte." });
export const time = z.string().openapi({ format: "date-time" });
export const count = z.int().min(0);

export const slugParam = z.string().openapi({ description: "Slug of the caller's org.", example: "acme" });
export const executionIdParam = z.string().openapi({
  description: "Execution id, bare (`<uuid>`) or tagged with its partition (`{fp:N}:<uuid>`).",
  example: "0190a5c0-0000-7000-8000-000000000001",
});

/** A second name of a member. Answers have both, always with one value; a body may have either. */
export function aliasOf<Schema extends z.ZodType>(member: string, schema: Schema): Schema {
  return schema.openapi({ description: `An alias of ${member}.` });
}

export const metadata = z.record(z.string(), z.string());
const idempotency = {
  idempotencyKey: z.string().nullish().openapi({ description: "At most 255 characters, unique in the org." }),
  idempotencyKeyTTL: z
    .string()
    .nullish()
    .openapi({ description: "Number followed by s, m, h or d; at most 30d.", default: "24h" }),
};

export const startWorkflowBody = z
  .strictObject({
    kind: z.string(),
    input: json.optional(),
    queue: z.string().nullish().openapi({ default: "default" }),
    prioritySeconds: z.int().nullish().openapi({ description: "A positive number runs earlier.", default: 0 }),
    version: z.string().nullish(),
    delayUntil: z
      .string()
      .nullish()
      .openapi({ format: "date-time", description: "It is not handed out before; at most ten years from now." }),
    ...idempotency,
    metadata: metadata.nullish(),
  })
  .openapi("StartWorkflow");

export const submitTaskBody = z
  .strictObject({
    kind: z.string(),
    input: json.optional(),
    queue: z.string().nullish().openapi({ default: "default" }),
    maxRetries: z.int().min(0).max(10).nullish().openapi({ default: 3 }),
    retry: z
      .strictObject({
        strategy: z.enum(["none", "fixed", "linear", "exponential", "fibonacci"]).optional(),
        baseMs: z.number().optional().openapi({ default: 1000 }),
        multiplier: z.number().optional().openapi({ default: 2 }),
        maxMs: z.number().optional().openapi({ default: 30_000 }),
        jitter: z.number().optional().openapi({ default: 0.1 }),
      })
      .nullish()
      .openapi({ description: "How long to wait between attempts." }),
    timeoutMs: z
      .int()
      .min(1)
      .nullish()
      .openapi({ description: "From the creation; the task fails for good when it has not ended by then." }),
    ...idempotency,
    metadata: metadata.nullish(),
  })
  .openapi("SubmitTask");

export const workflowStatus = z.enum(["PENDING", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED"]);
const taskStatus = z.enum(["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]);

const identity = {
  id: z.uuid(),
  executionId: z.string().openapi({ description: "The id tagged with its partition: `{fp:N}:<uuid>`." }),
  partition: z.int().min(0).max(255),
  orgId: z.uuid(),
};

const keyAnswer = {
  idempotencyKeyUsed: z.boolean().openapi({ description: "The request had an idempotency key." }),
  idempotencyKeyNew: z
    .boolean()
    .openapi({ description: "The key was free and is bound to this execution now. False without a key." }),
};

export const startedWorkflow = z
  .object({
    workflowExecutionId: z.uuid(),
    executionId: z.string(),
    partition: z.int().min(0).max(255),
    status: workflowStatus,
    kind: z.string(),
    createdAt: time,
    links: z.object({ self: z.string(), events: z.string() }),
    ...keyAnswer,
  })
  .openapi("StartedWorkflow");

const workflowSummaryFields = {
  ...identity,
  kind: z.string(),
  workflowKind: aliasOf("kind", z.string()),
  status: workflowStatus,
  queue: z.string(),
  error: z.string().nullable(),
  currentSequence: count,
  run: count,
  rootExecutionId: z.uuid(),
  workflowVersion: z.string().nullable(),
  parentWorkflowExecutionId: z.uuid().nullable(),
  workerId: z.string().nullable(),
  prioritySeconds: z.number(),
  metadata,
  activationFailures: count.openapi({ description: "Activations that failed since the last one that succeeded." }),
  lastActivationFailure: z
    .object({
      reason: z
        .string()
        .openapi({ description: "DETERMINISM_VIOLATION, HISTORY_UNREADABLE, UNKNOWN_KIND, WORKER_ERROR." }),
      message: z.string(),
      eventSequence: count.nullable().openapi({ description: "The event at which it went wrong." }),
      at: time,
      nextTryAt: time.openapi({ description: "It is not handed out before." }),
    })
    .nullable()
    .openapi({ description: "Why a worker could not run it; null while there are no failures." }),
  createdAt: time,
  startedAt: time.nullable(),
  completedAt: time.nullable(),
  updatedAt: time,
};

export const workflowView = z.object({ ...workflowSummaryFields, input: json, output: json }).openapi("Workflow");

export const workflowList = z
  .object({
    workflows: z.array(z.object(workflowSummaryFields).openapi("WorkflowSummary")),
    total: count,
    limit: count,
    offset: count,
    nextCursor: z.string().nullable().openapi({ description: "Cursor of the next page; null on the last one." }),
  })
  .openapi("WorkflowList");

export const listWorkflowsQuery = z.object({
  status: workflowStatus.optional(),
  kind: z.string().optional(),
  queue: z.string().optional(),
  activationFailing: z
    .enum(["true", "false"])
    .optional()
    .openapi({ description: "true: only those that workers cannot run at the moment.", default: "false" }),
  limit: z.string().optional().openapi({ description: "1 to 100.", default: "20" }),
  offset: z.string().optional().openapi({ description: "Not together with cursor.", default: "0" }),
  cursor: z.string().optional().openapi({ description: "nextCursor of the page before." }),
});

export const listEventsQuery = z.object({
  sinceSequence: z.string().optional().openapi({ description: "Only events after this sequence.", default: "0" }),
  limit: z
    .string()
    .optional()
    .openapi({ description: "1 to 1000: one page, of 4 MiB at most, in place of all events." }),
  cursor: z
    .string()
    .optional()
    .openapi({ description: "nextCursor of the page before. Not together with sinceSequence." }),
});

export const eventList = z
  .object({
    events: z.array(
      z
        .object({
          sequence: count,
          sequenceNumber: aliasOf("sequence", count),
          eventType: z.string(),
          timestamp: time,
          createdAt: aliasOf("timestamp", time),
          data: z.record(z.string(), z.unknown()),
        })
        .openapi("WorkflowEvent"),
    ),
    nextCursor: z.string().nullable().openapi({ description: "Cursor of the next page; null when there is none." }),
  })
  .openapi("WorkflowEvents");

export const taskView = z
  .object({
    ...identity,
    kind: z.string(),
    status: taskStatus,
    queue: z.string(),
    workflowExecutionId: z.uuid().nullable(),
    rootExecutionId: z.uuid(),
    executionCount: count,
    maxRetries: count,
    progress: z.number().nullable(),
    progressDetails: z.string().nullable(),
    input: json,
    output: json,
    error: z.string().nullable(),
    workerId: z.string().nullable(),
    metadata,
    createdAt: time,
    startedAt: time.nullable(),
    completedAt: time.nullable(),
  })
  .openapi("Task");

export const submittedTask = taskView.extend(keyAnswer).openapi("SubmittedTask");

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().openapi({ description: "Id of the request." }),
    error: aliasOf("detail", z.string()),
    code: z.string(),
    reason: z.string().optional(),
    field: z.string().optional(),
    currentState: z
      .string()
      .optional()
      .openapi({ description: "Where the status of the execution is in the way of a cancel." }),
    retryable: z.boolean(),
  })
  .openapi("Problem");
