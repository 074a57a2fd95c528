import { createServer, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { BoundServer, type Listen, type Logger } from "@flovyn/runtime";
import { getRequestListener } from "@hono/node-server";
import type { ConnectionLimit } from "../connections/connection-limit.js";
import { drainMs, headerBytesMax } from "../limits.js";
import { type SecuredDoor, secureContext, tlsOptions } from "../tls/tls-options.js";
import { answerStray, answerUnreadable } from "./unreadable-requests.js";

export interface HttpTimes {
  /** Requests must be sent within these times; a slow sender must not hold a connection for ever. */
  headersTimeout: number;
  requestTimeout: number;
  /** How often connections are looked at for that. */
  connectionsCheckingInterval: number;
  /** Longer than the idle time of usual load balancers, so that they close first. */
  keepAliveTimeout: number;
}

/** In ms. */
const httpTimes: HttpTimes = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 75_000,
};

export interface HttpServerOptions {
  fetch: (request: Request, env: unknown) => Response | Promise<Response>;
  connections: ConnectionLimit;
  log: Logger;
  tls?: SecuredDoor | undefined;
  times?: Partial<HttpTimes>;
}

/** The HTTP listener around an application, with or without TLS. */
export class HttpServer {
  readonly #server: Server;
  #bound: BoundServer | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ fetch, connections, log, tls, times }: HttpServerOptions) {
    const serverOptions = { ...httpTimes, ...times, maxHeaderSize: headerBytesMax, requireHostHeader: false };
    const listener = getRequestListener(fetch, { overrideGlobalObjects: false, errorHandler: answerStray(log) });
    this.#server =
      tls === undefined
        ? createServer(serverOptions, listener)
        : createTlsServer({ ...serverOptions, ...tlsOptions(tls) }, listener);
    answerUnreadable(this.#server);
    connections.guard(this.#server);
    tls?.watch.onChange((certificates) => (this.#server as TlsServer).setSecureContext(secureContext(certificates)));
  }

  /** Listens; the port that was bound. Errors: Unavailable naming the port when it is taken. */
  async start(listen: Listen): Promise<number> {
    this.#bound = await BoundServer.listen(this.#server, listen, "HTTP");
    return this.#bound.port;
  }

  /** Refuses new connections, lets running requests finish, then cuts what is left. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const cut = setTimeout(() => this.#server.closeAllConnections(), drainMs);
    const closed = this.#bound?.close();
    this.#server.closeIdleConnections();
    await closed;
    clearTimeout(cut);
  }
}
