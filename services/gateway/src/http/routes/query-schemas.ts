import { z } from "@hono/zod-openapi";
import { json } from "./schemas.js";

export const workflowState = z
  .object({ state: z.record(z.string(), json).openapi({ description: "What the workflow set, by key." }) })
  .openapi("WorkflowState");

export const queryBody = z
  .strictObject({
    queryName: z.string().openapi({ description: "A key of the state, or `__state` for all of it." }),
    params: json.optional().openapi({ description: "Any JSON value, kept byte for byte; null when left out." }),
  })
  .openapi("QueryWorkflow");

export const queryAnswer = z
  .object({
    result: json,
    error: z.string().nullable().openapi({ description: "Why the query has no result." }),
  })
  .openapi("QueryAnswer");
