import type { ActionName, ResourceFacts } from "@flovyn/authz";
import { type OpenAPIHono, type RouteConfig, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type FactNames, factsOf } from "../authorization/request-facts.js";
import { checkQuery } from "./check-query.js";
import type { HttpEnv } from "./http-context.js";
import { foreignBody } from "./json-body.js";
import { methodNotAllowed, unsupportedMediaType } from "./problem.js";
import { problemResponses } from "./routes/route-docs.js";

/** What policies call a route, or that it is open to everybody. */
export type RouteAction = ActionName | "public";

/** A route with who may call it: nobody can leave that out. */
export type SecuredRoute = RouteConfig & { action: RouteAction };

/** A mounted route and who may call it. */
export interface RouteAccess {
  method: string;
  path: string;
  action: RouteAction;
}

/** Lets the caller of a request do this, or throws. `facts` reads the request, which is left to those that may be let in. */
export type Guard = (
  context: Context<HttpEnv>,
  action: ActionName,
  facts: () => ResourceFacts | Promise<ResourceFacts>,
) => void | Promise<void>;

export type RouteHandler = (context: Context<HttpEnv>) => Response | Promise<Response>;

/** A route whose requests say something to policies. They are read once: what policies see is what is carried out. */
export interface RouteSteps<Request extends object> {
  /** Reads and checks a request. Errors: InvalidInput, PayloadTooLarge. */
  read: (context: Context<HttpEnv>) => Request | Promise<Request>;
  /** The members of it that say what it is about. */
  about: FactNames & { [Name in "id" | "kind" | "queue"]?: keyof Request };
  run: (context: Context<HttpEnv>, request: Request) => Response | Promise<Response>;
}

/**
 * Mounts routes together with their description, so that the OpenAPI document cannot miss one. The handlers read and check
 * the request themselves: the validators of the library would parse the body and lose the text of payloads.
 */
export class RouteTable {
  readonly #app: OpenAPIHono<HttpEnv>;
  readonly #methods = new Map<string, string[]>();
  readonly #guard: Guard;
  /** Every route with its action, for who checks that none goes without. */
  readonly actions: RouteAccess[] = [];

  constructor(app: OpenAPIHono<HttpEnv>, guard: Guard) {
    this.#app = app;
    this.#guard = guard;
  }

  /**
   * Path in the form of OpenAPI: `/api/orgs/{slug}`. The handler runs for callers that may do the action, and only where the
   * body, if there is any, is declared to be JSON.
   */
  add(route: SecuredRoute, handler: RouteHandler): void {
    const { action } = route;
    const known = queryNames(route);
    this.#mount(route, async (context) => {
      if (action !== "public") await this.#guard(context, action, () => ({}));
      checkQuery(context.req.url, known);
      return handler(context);
    });
  }

  /** The same for a route whose requests name a resource, a kind or a queue. */
  addAbout<Request extends object>(
    route: SecuredRoute & { action: ActionName },
    { read, about, run }: RouteSteps<Request>,
  ): void {
    const known = queryNames(route);
    const readAll = (context: Context<HttpEnv>) => {
      checkQuery(context.req.url, known);
      return read(context);
    };
    this.#mount(route, async (context) => {
      let request: Request | undefined;
      await this.#guard(context, route.action, async () => {
        request = await readAll(context);
        return factsOf(about, request);
      });
      request ??= await readAll(context);
      const asked = request;
      context.set("facts", () => factsOf(about, asked));
      return run(context, asked);
    });
  }

  #mount({ action, ...route }: SecuredRoute, handler: RouteHandler): void {
    const refusals = {
      ...(action !== "public" && problemResponses(401, 403, 429)),
      ...(route.request?.body !== undefined && problemResponses(415)),
    };
    this.#describe({ ...route, responses: { ...refusals, ...route.responses } }, action);
    const guarded: RouteHandler = (context) => {
      const foreign = route.method === "get" ? undefined : foreignBody(context.req.raw.headers);
      return foreign === undefined ? handler(context) : unsupportedMediaType(context, foreign);
    };
    this.#app.on(route.method.toUpperCase(), routerPath(route.path), guarded);
  }

  #describe(route: RouteConfig, action: RouteAction): void {
    this.actions.push({ method: route.method.toUpperCase(), path: route.path, action });
    this.#app.openAPIRegistry.registerPath(route);
    const methods = this.#methods.get(route.path) ?? [];
    methods.push(route.method.toUpperCase());
    this.#methods.set(route.path, methods);
  }

  /** Answers every other method on a known path. To be called after the last route. */
  refuseOtherMethods(): void {
    for (const [path, methods] of this.#methods) {
      const allow = methods.includes("GET") ? [...methods, "HEAD"] : methods;
      this.#app.all(routerPath(path), (context) => methodNotAllowed(context, allow));
    }
  }
}

/** The parameters of the query that a route describes, and so knows. */
function queryNames({ request }: RouteConfig): string[] {
  return request?.query instanceof z.ZodObject ? Object.keys(request.query.shape) : [];
}

/** `/api/orgs/{slug}` as the router writes it: `/api/orgs/:slug`. */
export function routerPath(path: string): string {
  return path.replaceAll("{", ":").replaceAll("}", "");
}
