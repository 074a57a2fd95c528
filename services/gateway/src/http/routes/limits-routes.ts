import { budgetTable } from "@flovyn/runtime";
import type { Context } from "hono";
import type { Budget } from "../../budgets/budget.js";
import { type BudgetHolder, holderOf } from "../../budgets/budget-holder.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { jsonArray, jsonObject, jsonTrusted } from "../json-text.js";
import { respondJson } from "../respond.js";
import type { RouteTable } from "../route-table.js";
import { orgLimits } from "./limits-schemas.js";
import { jsonContent, type OrgBase, orgParams, problemResponses, security } from "./route-docs.js";

/** What an org may take of this gateway, and what it has taken. */
export function addLimitsRoutes(table: RouteTable, http: HttpContext, base: OrgBase): void {
  table.add(
    {
      method: "get",
      path: `${base.path}/limits`,
      operationId: `getLimits${base.suffix}`,
      action: "viewOrg",
      summary: "Show the limits of the organization at this gateway, and what is used of them",
      tags: ["Organizations"],
      security,
      request: { params: orgParams },
      responses: {
        200: { description: "Rates and budgets.", content: jsonContent(orgLimits) },
        ...problemResponses(401, 403, 404, 429, 503),
      },
    },
    (context) => showLimits(http, context),
  );
}

function showLimits({ budgets, limits }: HttpContext, context: Context<HttpEnv>): Response {
  const caller = context.get("caller");
  const holder = holderOf(caller);
  const { org, principal } = limits.ratesOf(caller.orgId);
  const ofOrg = Object.values(budgets).filter((budget) => budget.limits.address === undefined);
  const text = jsonObject([
    [
      "rates",
      jsonObject([
        ["requestsPerSecond", org.requestsPerSecond],
        ["burst", org.burst],
        ["principalRequestsPerSecond", principal.requestsPerSecond],
        ["principalBurst", principal.burst],
      ]),
    ],
    ["budgets", jsonArray(ofOrg.map((budget) => budgetJson(budget, holder)))],
  ]);
  return respondJson(context, text);
}

function budgetJson(budget: Budget, holder: BudgetHolder) {
  const { unit, retryMs } = budgetTable[budget.name];
  const available = budget.shareFor(holder);
  return jsonObject([
    ["name", budget.name],
    ["unit", unit],
    ["limits", jsonTrusted(JSON.stringify(budget.limits), "{}")],
    ["available", Number.isFinite(available) ? available : null],
    ["used", jsonTrusted(JSON.stringify(budget.usedBy(holder)), "{}")],
    ["retryAfterMs", retryMs],
  ]);
}
