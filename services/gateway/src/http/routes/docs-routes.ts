import { DomainError } from "@flovyn/domain";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type DocsAsset, docsAssetNames, isDocsAssetName, loadDocsAsset } from "../docs-assets.js";
import type { HttpContext, HttpEnv } from "../http-context.js";
import { promiseTokenHeader } from "../promise-token-door.js";
import { countAnswer } from "../request-account.js";
import type { RouteTable } from "../route-table.js";
import { jsonContent, problemResponses, security } from "./route-docs.js";

const tags = ["Docs"];

/** Everything comes from this server; the icons of the style sheet are inside it. */
const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-cache",
};

/**
 * The API page, and the OpenAPI document of all mounted routes. OpenAPI 3.0, because generators stumble over the nullable
 * types of 3.1. The page asks for a key itself where only the document needs one: browsers cannot send it with a page.
 */
export function addDocsRoutes(table: RouteTable, app: OpenAPIHono<HttpEnv>, http: HttpContext): void {
  const [page, guarded] = [http.needsKey("/api/docs"), http.needsKey("/api/docs/openapi.json")];
  const html = { "text/html": { schema: z.string() } };
  table.add(
    {
      method: "get",
      path: "/",
      operationId: "showRoot",
      action: "public",
      summary: "Lead to the page of this interface",
      tags,
      responses: { 302: { description: "To the page." } },
    },
    (context) => context.redirect("/api/docs", 302),
  );
  const file = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };
  table.add(
    {
      method: "get",
      path: "/api/docs",
      operationId: "showDocs",
      action: page ? "viewApi" : "public",
      summary: "Show this interface to a person",
      tags,
      ...(page && { security }),
      responses: {
        200: { description: "The page.", content: html },
        ...(page && problemResponses(401, 403)),
        ...problemResponses(404, 429),
      },
    },
    async (context) => respondAsset(http, context, await loadDocsAsset("docs.html")),
  );
  table.add(
    {
      method: "get",
      path: "/api/docs/assets/{file}",
      operationId: "getDocsAsset",
      action: page ? "viewApi" : "public",
      summary: "A file that the page loads",
      tags,
      ...(page && { security }),
      request: { params: z.object({ file: z.enum(docsAssetNames) }) },
      responses: {
        200: { description: "The file.", content: file },
        304: { description: "The caller has it already." },
        ...(page && problemResponses(401, 403)),
        ...problemResponses(404, 429),
      },
    },
    async (context) => {
      const name = context.req.param("file") ?? "";
      if (!isDocsAssetName(name)) throw new DomainError("NotFound", "the page has no such file", { field: "file" });
      return respondAsset(http, context, await loadDocsAsset(name));
    },
  );

  // The bytes, so that all answers that are not taken yet share them.
  let document: Uint8Array<ArrayBuffer> | undefined;
  table.add(
    {
      method: "get",
      path: "/api/docs/openapi.json",
      operationId: "getOpenApi",
      action: guarded ? "viewApi" : "public",
      summary: "Describe this interface",
      tags,
      ...(guarded && { security }),
      responses: {
        200: { description: "An OpenAPI 3.0 document.", content: jsonContent(z.record(z.string(), z.unknown())) },
        ...(guarded && problemResponses(401, 403)),
        ...problemResponses(429),
      },
    },
    (context) => {
      document ??= new TextEncoder().encode(JSON.stringify(describe(app)));
      countAnswer(context, http, document.byteLength);
      return context.body(document, 200, { "content-type": "application/json" });
    },
  );
}

function respondAsset(http: HttpContext, context: Context<HttpEnv>, { bytes, contentType, etag }: DocsAsset): Response {
  const headers = { ...pageHeaders, etag };
  if (context.req.header("if-none-match") === etag) return context.body(null, 304, headers);
  countAnswer(context, http, bytes.byteLength);
  return context.body(bytes, 200, { ...headers, "content-type": contentType });
}

function describe(app: OpenAPIHono<HttpEnv>): object {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key of the org.",
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "promiseToken", {
    type: "apiKey",
    in: "header",
    name: promiseTokenHeader,
    description: "A token that settles one promise; it counts where no `Authorization` is sent.",
  });
  return app.getOpenAPIDocument({
    openapi: "3.0.3",
    info: {
      title: "Flovyn",
      version: "1",
      description: "Durable workflows over HTTP. Errors are application/problem+json (RFC 9457).",
    },
    // In the order of the page; others follow.
    tags: ["Workflows", "Signals", "Promises", "Tasks"].map((name) => ({ name })),
  });
}
