import type { Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type DoorTls, type Listen, listenOn } from "@flovyn/runtime";
import { createAdaptorServer } from "@hono/node-server";
import { drainMs, headerBytesMax, tlsHandshakeTimeoutMs } from "../limits.js";
import type { Certificates, CertificateWatch } from "../tls/certificate-watch.js";

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
  /** More are refused. */
  connectionsMax: number;
  tls?: { door: DoorTls; watch: CertificateWatch; first: Certificates } | undefined;
  times?: HttpTimes;
}

/** The HTTP listener around an application, with or without TLS. */
export class HttpServer {
  readonly #server: Server;
  #stopping: Promise<void> | undefined;

  constructor({ fetch, connectionsMax, tls, times = httpTimes }: HttpServerOptions) {
    const serverOptions = { ...times, maxHeaderSize: headerBytesMax };
    const common = { fetch, overrideGlobalObjects: false };
    this.#server = (
      tls === undefined
        ? createAdaptorServer({ ...common, serverOptions })
        : createAdaptorServer({
            ...common,
            createServer: createTlsServer,
            serverOptions: { ...serverOptions, ...tlsOptions(tls.door, tls.first) },
          })
    ) as Server;
    this.#server.maxConnections = connectionsMax;
    tls?.watch.onChange((certificates) => (this.#server as TlsServer).setSecureContext(contextOf(certificates)));
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

function tlsOptions({ clientAuth }: DoorTls, certificates: Certificates) {
  return {
    ...contextOf(certificates),
    requestCert: clientAuth === "require",
    rejectUnauthorized: clientAuth === "require",
    handshakeTimeout: tlsHandshakeTimeoutMs,
  };
}

function contextOf({ cert, key, ca }: Certificates) {
  return { cert, key, ...(ca !== undefined && { ca }), minVersion: "TLSv1.2" as const };
}
