import type { ActionName } from "@flovyn/authz";
import type { Context } from "hono";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { readFacts } from "./resource-facts.js";

/** Lets who makes a request do what policies allow at the moment. Errors: Forbidden. */
export async function authorizeRequest(
  { authorize }: HttpContext,
  context: Context<HttpEnv>,
  action: ActionName,
): Promise<void> {
  const { orgId } = context.get("caller");
  const wanted = authorize.attributes;
  const facts = wanted.size === 0 ? undefined : await readFacts(context, action, wanted);
  authorize(context.get("principal"), action, { orgId, ...(facts && { facts }) });
}
