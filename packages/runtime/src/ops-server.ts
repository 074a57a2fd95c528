import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createOpsRoutes, type Health } from "./health.js";
import type { Metrics } from "./metrics.js";
import { portBusy } from "./port-busy.js";

export interface OpsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Serves health and metrics of a process that has no other HTTP door. Errors: Unavailable when the port is busy. */
export async function startOpsServer(options: {
  port: number;
  host: string;
  health: Health;
  metrics: Metrics;
  version: string;
}): Promise<OpsServer> {
  const app = createOpsRoutes(options);
  const server = serve({ fetch: app.fetch, port: options.port, hostname: options.host });
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error) => reject(portBusy(error, options.port, "health and metrics")));
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
