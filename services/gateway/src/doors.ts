import type { FlovynConfig, Logger } from "@flovyn/runtime";
import type { ConnectionLimit } from "./connections/connection-limit.js";
import type { GrpcServer } from "./grpc/grpc-server.js";
import type { HttpApp } from "./http/app.js";
import { HttpServer } from "./http/http-server.js";
import { CertificateWatch } from "./tls/certificate-watch.js";
import type { SecuredDoor } from "./tls/tls-options.js";

export interface DoorsOptions {
  app: HttpApp;
  grpc: GrpcServer;
  /** Of the HTTP door. */
  connections: ConnectionLimit;
  config: FlovynConfig;
  log: Logger;
}

/** Both listeners of the gateway, with or without TLS. */
export class Doors {
  readonly #options: DoorsOptions;
  #http: HttpServer | undefined;
  readonly #watches: CertificateWatch[] = [];

  constructor(options: DoorsOptions) {
    this.#options = options;
  }

  /** Listens; the ports that were bound. Errors: Unavailable naming a port that is taken, ConfigError naming a file. */
  async start(): Promise<{ grpc: number; http: number }> {
    const { app, grpc, connections, config, log } = this.#options;
    const { bindAddress: address, grpcServerPort, serverPort } = config;
    const [forGrpc, forHttp] = [await this.#secure("grpc"), await this.#secure("http")];
    this.#http = new HttpServer({ fetch: app.fetch, connections, log, tls: forHttp });
    const grpcPort = await grpc.start({ address, port: grpcServerPort }, forGrpc);
    return { grpc: grpcPort, http: await this.#http.start({ address, port: serverPort }) };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#options.grpc.stop(), this.#http?.stop()]);
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async #secure(name: "grpc" | "http"): Promise<SecuredDoor | undefined> {
    const { config, log } = this.#options;
    const door = config.tls[name];
    if (door === undefined) return undefined;
    const watch = new CertificateWatch({ name: `tls.${name}`, files: door, log });
    const first = await watch.start();
    this.#watches.push(watch);
    return { door, watch, first };
  }
}
