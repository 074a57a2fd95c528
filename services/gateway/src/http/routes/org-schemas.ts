import { z } from "@hono/zod-openapi";
import { auditedTypes } from "../../audit/audit-entry.js";
import { time } from "./schemas.js";

/** Shapes of organizations, worker tokens and audit entries. */

const quotas = z
  .strictObject({
    requestsPerSecond: z.int().min(1).max(1_000_000).optional(),
    requestBurst: z.int().min(1).max(1_000_000).optional(),
    workerTokens: z.int().min(1).max(100_000).optional(),
  })
  .openapi({ description: "Limits of this org in place of those of its tier." });

export const createOrgBody = z
  .strictObject({
    name: z.string().openapi({ description: "1 to 255 characters." }),
    slug: z.string().openapi({ description: "Lower-case words joined by hyphens, at most 100 characters, unique." }),
    tier: z.string().nullish().openapi({ default: "FREE" }),
    region: z.string().nullish(),
    quotas: quotas.nullish(),
  })
  .openapi("CreateOrg");

export const orgView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    slug: z.string(),
    tier: z.string(),
    region: z.string().nullable(),
    quotas,
    createdAt: time,
  })
  .openapi("Org");

export const orgPage = z.object({ orgs: z.array(orgView), nextCursor: z.string().nullable() }).openapi("OrgPage");

export const createWorkerTokenBody = z
  .strictObject({
    displayName: z.string().openapi({ description: "1 to 255 characters." }),
    expiresInSeconds: z
      .int()
      .min(1)
      .nullish()
      .openapi({ description: "At most ten years; left out, it never expires." }),
  })
  .openapi("CreateWorkerToken");

const tokenFacts = {
  id: z.uuid(),
  displayName: z.string(),
  prefix: z.string().openapi({ description: "The first 16 characters." }),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
};

export const createdWorkerToken = z
  .object({ ...tokenFacts, token: z.string().openapi({ description: "Shown this once." }) })
  .openapi("CreatedWorkerToken");

export const workerTokenPage = z
  .object({
    tokens: z.array(
      z.object({
        ...tokenFacts,
        revokedAt: time.nullable(),
        lastUsedAt: time.nullable().openapi({ description: "Within a minute." }),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi("WorkerTokenPage");

export const auditPage = z
  .object({
    entries: z.array(
      z.object({
        id: z.uuid(),
        at: time,
        principalType: z.enum(auditedTypes).openapi({
          description:
            "Operator: of the cluster. PromiseToken: had a token of one promise in place of a key. Anonymous: nothing said who called. Foreign: of another org, which withholds id and role.",
        }),
        principalId: z.string(),
        role: z.string(),
        action: z.string(),
        resourceType: z.string(),
        resourceId: z.string(),
        outcome: z.enum(["allowed", "denied", "failed"]),
        reason: z.string(),
        address: z.string(),
        requestId: z.string(),
        door: z.enum(["grpc", "http"]),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .openapi("AuditPage");

const page = {
  limit: z.coerce.number().int().min(1).max(100).optional().openapi({ default: 20 }),
  cursor: z.string().optional().openapi({ description: "`nextCursor` of the page before." }),
};

export const pageQuery = z.object(page);

export const auditQuery = z.object({
  ...page,
  action: z.string().optional(),
  principal: z.string().optional().openapi({ description: "Id of the principal." }),
  resource: z.string().optional().openapi({ description: "Id of the resource." }),
  outcome: z.enum(["allowed", "denied", "failed"]).optional(),
  from: time.optional().openapi({ description: "From this time on." }),
  to: time.optional().openapi({ description: "Before this time." }),
});
