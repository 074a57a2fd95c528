import { z } from "@hono/zod-openapi";

const size = z.number().openapi({ description: "0 stands for no limit." });

export const orgLimits = z
  .object({
    rates: z.object({
      requestsPerSecond: size.openapi({ description: "Of the organization, at each gateway; 0 for no limit." }),
      burst: size,
      principalRequestsPerSecond: size,
      principalBurst: size,
    }),
    budgets: z.array(
      z.object({
        name: z.string(),
        unit: z.string(),
        limits: z
          .record(z.string(), size)
          .openapi({ description: "Sizes for a connection, a key, the org, the gateway." }),
        available: z
          .number()
          .nullable()
          .openapi({ description: "What the organization may have at the moment; null where it is not limited." }),
        used: z
          .record(z.string(), z.number())
          .openapi({ description: "What the organization, and the key that asks, have at this gateway." }),
        retryAfterMs: z.number().openapi({ description: "When a call that was refused may be tried again." }),
      }),
    ),
  })
  .openapi("OrgLimits");
