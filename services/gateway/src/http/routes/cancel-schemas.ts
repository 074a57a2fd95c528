import { z } from "@hono/zod-openapi";
import { count } from "./schemas.js";

const reason = z.string().nullish().openapi({ description: "For people and the history; at most 500 characters." });

export const cancelBody = z
  .strictObject({
    reason,
    cascadeToChildren: z
      .boolean()
      .nullish()
      .openapi({ description: "False leaves its child workflows alone.", default: true }),
  })
  .openapi("CancelExecution");

export const cancelTaskBody = z.strictObject({ reason }).openapi("CancelTask");

export const cancelledWorkflow = z
  .object({
    status: z.enum(["CANCELLED", "ALREADY_TERMINAL"]),
    cancelledChildren: count.openapi({ description: "Child workflows, at any depth, that ended with it." }),
  })
  .openapi("CancelledWorkflow");

export const cancelledExecution = z
  .object({
    id: z.uuid(),
    result: z.enum(["cancelled", "already_cancelled"]),
    currentState: z.literal("CANCELLED"),
    cancelledChildren: count,
  })
  .openapi("CancelledExecution");
