import { promiseTokenId } from "@flovyn/authz";
import type { Caller } from "@flovyn/bus";
import { DomainError } from "@flovyn/domain";
import type { Context, MiddlewareHandler } from "hono";
import { readCredentials } from "./credentials.js";
import type { HttpContext, HttpEnv } from "./http-context.js";
import { readPromiseRef } from "./promise-ref.js";
import { openAccount } from "./request-account.js";

export const promiseTokenHeader = "flovyn-promise-token";

/** Below the routes of an org: where a token counts. */
export const promiseTokenPaths = ["/promises/{promise}/resolve", "/promises/{promise}/reject"] as const;

/**
 * Lets a caller without `Authorization` in by a promise token, for the promise of the path alone. For the routes of
 * `promiseTokenPaths`, before keys are checked. Errors: Unauthenticated, with one text whatever is wrong.
 */
export function admitPromiseToken(http: HttpContext): MiddlewareHandler<HttpEnv> {
  return async (context, next) => {
    const token = context.req.header(promiseTokenHeader);
    if (token !== undefined && context.req.header("authorization") === undefined) {
      const orgId = await orgOfToken(http, context, token).catch((error: unknown) =>
        http.limits.failed(readCredentials(context), error),
      );
      // Without a role, and with an id that nothing else has, by which policies know it.
      const caller: Caller = { orgId, principalType: "User", principalId: promiseTokenId };
      http.limits.admit(caller);
      openAccount(context, caller, http);
      context.set("principal", caller);
      context.set("caller", caller);
    }
    await next();
  };
}

async function orgOfToken(http: HttpContext, context: Context<HttpEnv>, token: string): Promise<string> {
  const grant = http.promiseTokens.verify(token);
  if (grant === undefined || idOfPath(context) !== grant.promiseId) throw refusal();
  if ((await http.slugs.find(context.req.param("slug") ?? "")) !== grant.orgId) throw refusal();
  return grant.orgId;
}

/** Undefined for another form than `id:<uuid>`: a token names no keys. */
function idOfPath(context: Context<HttpEnv>): string | undefined {
  try {
    const ref = readPromiseRef(context.req.param("promise"));
    return ref.type === "id" ? ref.id : undefined;
  } catch (error) {
    // What is wrong with the path is nobody's business without a valid token.
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

function refusal(): DomainError {
  return new DomainError("Unauthenticated", "the promise token is not valid for this", {
    reason: "INVALID_PROMISE_TOKEN",
  });
}
