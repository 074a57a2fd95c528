import { Hono } from "hono";
import { type Health, readinessOf } from "./health.js";
import { hostName, isLoopbackHost } from "./loopback.js";
import type { Metrics } from "./metrics.js";

/** The three outcomes a probe sees: alive at all, started once, able to take requests now. */
export const probePaths = {
  live: ["/live", "/_/health/live"],
  started: ["/_/health"],
  ready: ["/ready", "/_/health/ready", "/_/health/startup"],
} as const;

export const metricsPaths = ["/metrics", "/_/metrics"] as const;

export interface OpsRoutesOptions {
  health: Health;
  metrics: Metrics;
  version: string;
  /**
   * Whether callers of this machine alone come here. Then a request for another host comes from a page whose name was pointed
   * at this machine, and is refused.
   */
  loopbackOnly?: boolean;
}

/** Health with its checks, and metrics, for the operators of a process: without authentication. */
export function createOpsRoutes({ health, metrics, version, loopbackOnly = false }: OpsRoutesOptions): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (loopbackOnly && !isLoopbackHost(hostName(context.req.header("host")))) {
      return context.text("Host: is not this machine\n", 403);
    }
    await next();
    context.header("cache-control", "no-store");
    context.header("x-content-type-options", "nosniff");
  });
  const live = () => Response.json({ status: "UP" });
  const started = () =>
    health.started()
      ? Response.json({ status: "UP", version })
      : Response.json({ status: "STARTING", version }, { status: 503 });
  const ready = async () => {
    const readiness = await readinessOf(health);
    return Response.json(readiness, { status: readiness.status === "UP" ? 200 : 503 });
  };
  const scrape = async () =>
    new Response(await metrics.scrape(), { headers: { "content-type": metrics.registry.contentType } });
  for (const path of probePaths.live) app.get(path, live);
  for (const path of probePaths.started) app.get(path, started);
  for (const path of probePaths.ready) app.get(path, ready);
  for (const path of metricsPaths) app.get(path, scrape);
  return app;
}
