import { z } from "@hono/zod-openapi";
import type { Hono } from "hono";
import type { HttpContext } from "../http-context.js";
import type { RouteTable } from "../route-table.js";
import { jsonContent, security } from "./route-docs.js";

const tags = ["Health"];
const status = z.object({ status: z.string() });
const text = { "text/plain": { schema: z.string() } };

const jsonRoutes = [
  { path: "/_/health", summary: "Whether the process is up" },
  { path: "/_/health/live", summary: "Whether the process is alive" },
  { path: "/_/health/ready", summary: "Whether calls would be served" },
  { path: "/_/health/startup", summary: "Whether the process has started" },
  { path: "/live", summary: "The same as /_/health/live" },
  { path: "/ready", summary: "The same as /_/health/ready" },
];

/**
 * The routes that every process serves for its operators. They are mounted from the runtime; figures are guarded where the
 * configuration asks for it, health is open to everybody.
 */
export function addOpsRoutes(table: RouteTable, ops: Hono, { needsKey }: HttpContext): void {
  for (const { path, summary } of jsonRoutes) {
    table.describe({
      method: "get",
      path,
      summary,
      tags,
      responses: {
        200: { description: "Yes.", content: jsonContent(status) },
        503: { description: "No, or not any more.", content: jsonContent(status) },
      },
    });
  }
  for (const path of ["/metrics", "/_/metrics"]) {
    table.add(
      {
        method: "get",
        path,
        action: needsKey(path) ? "viewMetrics" : "public",
        summary: "Figures in the Prometheus text format",
        tags,
        ...(needsKey(path) && { security }),
        responses: { 200: { description: "All figures.", content: text } },
      },
      (context) => ops.fetch(context.req.raw),
    );
  }
}
