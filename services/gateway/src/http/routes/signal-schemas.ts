import { z } from "@hono/zod-openapi";
import { aliasOf, count, json, metadata } from "./schemas.js";

const signalFields = {
  signalName: z.string().openapi({ description: "1 to 255 characters." }),
  signalValue: json.optional().openapi({ description: "Any JSON value, kept byte for byte; null when left out." }),
  signalId: z
    .string()
    .nullish()
    .openapi({ description: "Chosen by the caller, at most 255 characters: the same id twice is one signal." }),
};

export const signalBody = z.strictObject(signalFields).openapi("SignalWorkflow");

export const signalWithStartBody = z
  .strictObject({
    workflowId: z.string().openapi({ description: "Idempotency key of the execution; not an execution id." }),
    workflowKind: z.string().nullish().openapi({ description: "Required, under this name or as `kind`." }),
    kind: aliasOf("workflowKind", z.string().nullish()),
    workflowInput: json.optional(),
    input: aliasOf("workflowInput", json.optional()),
    queue: z.string().nullish().openapi({ default: "default" }),
    prioritySeconds: z.int().nullish().openapi({ description: "A positive number runs earlier.", default: 0 }),
    version: z.string().nullish(),
    metadata: metadata.nullish(),
    idempotencyKeyTTL: z
      .string()
      .nullish()
      .openapi({ description: "Number followed by s, m, h or d; at most 30d.", default: "24h" }),
    ...signalFields,
  })
  .openapi("SignalWithStart");

const signalOutcome = {
  signalEventSequence: count.openapi({ description: "Place of SIGNAL_RECEIVED in the history." }),
  duplicate: z.boolean().openapi({ description: "The signalId was received before: nothing was appended." }),
  woke: z.boolean().openapi({ description: "The signal made a waiting execution claimable." }),
};

export const signaled = z.object({ signaled: z.literal(true), ...signalOutcome }).openapi("Signaled");

export const signaledWithStart = z
  .object({
    workflowExecutionId: z.uuid(),
    executionId: z.string(),
    partition: z.int().min(0).max(255),
    links: z.object({ self: z.string(), events: z.string() }),
    workflowCreated: z.boolean(),
    ...signalOutcome,
  })
  .openapi("SignaledWithStart");
