import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { BoundServer } from "./bound-server.js";
import { isLoopbackAddress } from "./loopback.js";
import { createOpsRoutes, type OpsRoutesOptions } from "./ops-routes.js";

export interface OpsServer {
  readonly port: number;
  /** Lets running requests finish; connections that are only kept alive are cut. Idempotent. */
  stop(): Promise<void>;
}

/** Probes and scrapers answer at once; a request that is still open after this is not waited for. */
const drainMs = 2_000;

/**
 * Serves health and metrics of a process on a listener of their own, apart from what clients reach.
 * Errors: Unavailable when the port is busy.
 */
export async function startOpsServer(
  options: Omit<OpsRoutesOptions, "loopbackOnly"> & { port: number; address: string },
): Promise<OpsServer> {
  const { port, address } = options;
  const app = createOpsRoutes({ ...options, loopbackOnly: isLoopbackAddress(address) });
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  const bound = await BoundServer.listen(server, { address, port }, "health and metrics");
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    const closed = bound.close();
    server.closeIdleConnections();
    await closed;
    clearTimeout(cut);
  };
  return {
    port: bound.port,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
