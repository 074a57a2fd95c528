import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Listen, listenOn } from "@flovyn/runtime";
import { createAdaptorServer } from "@hono/node-server";
import { drainMs } from "../limits.js";

/** Requests must be sent within these times; a slow sender must not hold a connection for ever. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 60_000;
/** Longer than the idle time of usual load balancers, so that they close first. */
const keepAliveTimeoutMs = 75_000;

/** The HTTP listener around an application. */
export class HttpServer {
  readonly #server: Server;
  #stopping: Promise<void> | undefined;

  constructor(fetch: (request: Request, env: unknown) => Response | Promise<Response>) {
    this.#server = createAdaptorServer({
      fetch,
      overrideGlobalObjects: false,
      serverOptions: {
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: keepAliveTimeoutMs,
      },
    }) as Server;
  }

  /** Listens; the port that was bound. Errors: Unavailable naming the port when it is taken. */
  start(listen: Listen): Promise<number> {
    return listenOn(listen, "HTTP", (host, port) => this.#bind(host, port));
  }

  /** Refuses new connections, lets running requests finish, then cuts what is left. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), drainMs);
      this.#server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
    return this.#stopping;
  }

  #bind(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host, port }, () => {
        this.#server.removeListener("error", reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }
}
