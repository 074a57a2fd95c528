import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { HttpEnv } from "./http-context.js";
import { methodNotAllowed } from "./problem.js";

export type RouteHandler = (context: Context<HttpEnv>) => Response | Promise<Response>;

/**
 * Mounts routes together with their description, so that the OpenAPI document cannot miss one. The handlers read and check
 * the request themselves: the validators of the library would parse the body and lose the text of payloads.
 */
export class RouteTable {
  readonly #app: OpenAPIHono<HttpEnv>;
  readonly #methods = new Map<string, string[]>();

  constructor(app: OpenAPIHono<HttpEnv>) {
    this.#app = app;
  }

  /** Path in the form of OpenAPI: `/api/orgs/{slug}`. */
  add(route: RouteConfig, handler: RouteHandler): void {
    this.describe(route);
    this.#app.on(route.method.toUpperCase(), routerPath(route.path), handler);
  }

  /** Takes in a route that is mounted elsewhere. */
  describe(route: RouteConfig): void {
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

/** `/api/orgs/{slug}` as the router writes it: `/api/orgs/:slug`. */
export function routerPath(path: string): string {
  return path.replaceAll("{", ":").replaceAll("}", "");
}
