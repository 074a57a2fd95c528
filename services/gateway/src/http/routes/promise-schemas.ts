import { z } from "@hono/zod-openapi";
import { aliasOf, json, slugParam, time } from "./schemas.js";

export const promiseParams = z.object({
  slug: slugParam,
  promise: z.string().openapi({
    description: "`id:<uuid>` or `key:<idempotency key>`, percent-encoded: the key may hold colons and slashes.",
    example: "id:0190a5c0-0000-7000-8000-000000000001",
  }),
});

const status = z.enum(["OPEN", "RESOLVED", "REJECTED", "TIMED_OUT", "CANCELLED"]);

export const resolveBody = z
  .strictObject({
    value: json.optional().openapi({ description: "Any JSON value, kept byte for byte; null when left out." }),
  })
  .openapi("ResolvePromise");

export const rejectBody = z
  .strictObject({ error: z.string().openapi({ description: "Text that the workflow receives." }) })
  .openapi("RejectPromise");

const settlement = {
  resolved: z.boolean().openapi({ description: "This call settled the promise." }),
  alreadyResolved: z.boolean().openapi({ description: "It was settled before, in whatever way; nothing changed." }),
  promiseId: z.uuid(),
  status: status.openapi({ description: "Status after the call." }),
};

export const resolvedPromise = z.object(settlement).openapi("ResolvedPromise");

export const rejectedPromise = z
  .object({ ...settlement, rejected: aliasOf("resolved", z.boolean()) })
  .openapi("RejectedPromise");

export const promiseView = z
  .object({
    id: z.uuid(),
    orgId: z.uuid(),
    workflowExecutionId: z.uuid(),
    name: z.string(),
    status,
    value: json,
    error: z.string().nullable(),
    createdAt: time,
    timeoutAt: time.nullable(),
    settledAt: time.nullable(),
  })
  .openapi("Promise");

export const promiseTokenBody = z
  .strictObject({
    expiresIn: z
      .string()
      .nullish()
      .openapi({ description: "Number followed by s, m, h or d; at most 30d.", default: "24h" }),
  })
  .openapi("CreatePromiseToken");

export const promiseToken = z
  .object({
    token: z.string().openapi({ description: "Shown once; send it as `Flovyn-Promise-Token`." }),
    promiseId: z.uuid(),
    expiresAt: time,
  })
  .openapi("PromiseToken");
