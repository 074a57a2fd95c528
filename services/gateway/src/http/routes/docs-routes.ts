import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HttpContext, HttpEnv } from "../http-context.js";
import type { RouteTable } from "../route-table.js";
import { jsonContent, problemResponses, security } from "./route-docs.js";

/** The OpenAPI document of all mounted routes. OpenAPI 3.0, because generators stumble over the nullable types of 3.1. */
export function addDocsRoutes(table: RouteTable, app: OpenAPIHono<HttpEnv>, http: HttpContext): void {
  let document: string | undefined;
  table.add(
    {
      method: "get",
      path: "/api/docs/openapi.json",
      operationId: "getOpenApi",
      summary: "Describe this interface",
      tags: ["Docs"],
      ...(http.docsNeedKey && { security }),
      responses: {
        200: { description: "An OpenAPI 3.0 document.", content: jsonContent(z.record(z.string(), z.unknown())) },
        ...(http.docsNeedKey && problemResponses(401)),
      },
    },
    (context) => {
      if (http.docsNeedKey) http.authenticate(context.req.header("authorization"));
      document ??= JSON.stringify(describe(app));
      return context.body(document, 200, { "content-type": "application/json" });
    },
  );
}

function describe(app: OpenAPIHono<HttpEnv>): object {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key of the org.",
  });
  return app.getOpenAPIDocument({
    openapi: "3.0.3",
    info: {
      title: "Flovyn",
      version: "1",
      description: "Durable workflows over HTTP. Errors are application/problem+json (RFC 9457).",
    },
  });
}
