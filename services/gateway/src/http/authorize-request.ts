import type { ActionName, ResourceFacts } from "@flovyn/authz";
import type { Context } from "hono";
import type { HttpContext, HttpEnv } from "./http-context.js";

/**
 * Lets who makes a request do what policies allow at the moment. `facts` is asked only where they look at what the request
 * says, and not for a caller that they refuse whatever it says. Errors: Forbidden; those of `facts`.
 */
export async function authorizeRequest(
  { authorize }: HttpContext,
  context: Context<HttpEnv>,
  action: ActionName,
  facts: () => ResourceFacts | Promise<ResourceFacts>,
): Promise<void> {
  const principal = context.get("principal");
  const { orgId } = context.get("caller");
  if (authorize.beforehand(principal, action, orgId)) return;
  authorize(principal, action, { orgId, facts: await facts() });
}
