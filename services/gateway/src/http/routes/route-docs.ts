import { z } from "@hono/zod-openapi";
import { executionIdParam, problem, slugParam } from "./schemas.js";

/** What the descriptions of all routes share. */

export const security = [{ bearer: [] }];
/** An API key of the org, or the token of this one promise. */
export const promiseSecurity = [{ bearer: [] }, { promiseToken: [] }];

export const orgParams = z.object({ slug: slugParam });
export const executionParams = z.object({ slug: slugParam, id: executionIdParam });

export const tokenParams = z.object({ slug: slugParam, id: z.uuid() });

export function jsonContent<Schema extends z.ZodType>(schema: Schema) {
  return { "application/json": { schema } };
}

const problems = {
  400: "The request is wrong whatever the state; `field` names the member.",
  401: "No valid key.",
  403: "The key may not do this.",
  404: "Unknown, or of another org.",
  409: "The state, a key or a claim does not allow it.",
  413: "A payload or the body is larger than the limit in the text.",
  415: "The body is not declared to be JSON in UTF-8, or is compressed.",
  429: "A limit is reached; try later.",
  503: "A service is not reachable; try again.",
} as const;

/** The error answers of a route. */
export function problemResponses(...statuses: (keyof typeof problems)[]) {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: problems[status], content: { "application/problem+json": { schema: problem } } },
    ]),
  );
}

export interface OrgBase {
  /** `/api/orgs/{slug}`. */
  path: string;
  /** Makes the ids of operations unique when the same routes are mounted twice. */
  suffix: string;
}

/** The second one is the older name of the first. */
export const orgBases: readonly OrgBase[] = [
  { path: "/api/orgs/{slug}", suffix: "" },
  { path: "/api/tenants/{slug}", suffix: "OfTenant" },
];
