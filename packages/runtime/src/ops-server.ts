import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { createOpsRoutes, type Health } from "./health.js";
import { listenOn } from "./listen.js";
import type { Metrics } from "./metrics.js";

export interface OpsServer {
  readonly port: number;
  /** Lets running requests finish; connections that are only kept alive are cut. Idempotent. */
  stop(): Promise<void>;
}

/** Probes and scrapers answer at once; a request that is still open after this is not waited for. */
const drainMs = 2_000;

/**
 * Serves health and metrics of a process that has no other HTTP door.
 * Errors: Unavailable when the port is busy.
 */
export async function startOpsServer(options: {
  port: number;
  host: string;
  health: Health;
  metrics: Metrics;
  version: string;
}): Promise<OpsServer> {
  const app = createOpsRoutes(options);
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const listen = { address: options.host, port: options.port };
  const port = await listenOn(listen, "health and metrics", (host, wanted) => bind(server, host, wanted));
  let stopping: Promise<void> | undefined;
  return {
    port,
    stop: () => {
      stopping ??= close(server);
      return stopping;
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.removeListener("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
