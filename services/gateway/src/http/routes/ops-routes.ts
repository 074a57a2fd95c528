import { metricsPaths, probePaths, readinessOf, type ServiceContext } from "@flovyn/runtime";
import { z } from "@hono/zod-openapi";
import type { RouteHandler, RouteTable } from "../route-table.js";
import { jsonContent, security } from "./route-docs.js";

const tags = ["Health"];
const status = z.object({ status: z.enum(["UP", "DOWN"]) });
const text = { "text/plain": { schema: z.string() } };

/**
 * What load balancers and monitoring ask a gateway: whether it takes calls, without a key and without a reason, and all
 * figures for those who may see them. Details without a key are on the ops port.
 */
export function addOpsRoutes(table: RouteTable, { health, metrics }: Pick<ServiceContext, "health" | "metrics">): void {
  const probes: readonly [paths: readonly string[], summary: string, isUp: () => boolean | Promise<boolean>][] = [
    [probePaths.live, "Whether the process is alive", () => true],
    [probePaths.started, "Whether the process has started", () => health.started()],
    [probePaths.ready, "Whether calls would be served", async () => (await readinessOf(health)).status === "UP"],
  ];
  for (const [paths, summary, isUp] of probes) {
    const answer: RouteHandler = async () =>
      (await isUp()) ? Response.json({ status: "UP" }) : Response.json({ status: "DOWN" }, { status: 503 });
    for (const path of paths) {
      const responses = {
        200: { description: "Yes.", content: jsonContent(status) },
        503: { description: "No, or not any more.", content: jsonContent(status) },
      };
      table.add({ method: "get", path, action: "public", summary, tags, responses }, answer);
    }
  }
  for (const path of metricsPaths) {
    table.add(
      {
        ...{ method: "get", path, action: "viewMetrics" },
        summary: "Figures of this process in the Prometheus text format",
        tags,
        security,
        responses: { 200: { description: "All figures.", content: text } },
      },
      async (context) => context.body(await metrics.scrape(), 200, { "content-type": metrics.registry.contentType }),
    );
  }
}
