import type { DoorTls, FlovynConfig, Logger } from "@flovyn/runtime";
import type { GrpcServer } from "./grpc/grpc-server.js";
import type { HttpApp } from "./http/app.js";
import { HttpServer } from "./http/http-server.js";
import { type Certificates, CertificateWatch } from "./tls/certificate-watch.js";
import { createGrpcCredentials } from "./tls/grpc-credentials.js";

export interface DoorsOptions {
  app: HttpApp;
  grpc: GrpcServer;
  config: FlovynConfig;
  log: Logger;
}

/** A door with TLS: its certificates as they are now, and what tells of later ones. */
interface Secured {
  door: DoorTls;
  watch: CertificateWatch;
  first: Certificates;
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
    const { app, grpc, config } = this.#options;
    const { bindAddress: address, grpcServerPort, serverPort } = config;
    const [forGrpc, forHttp] = [await this.#secure("grpc"), await this.#secure("http")];
    const credentials = forGrpc && createGrpcCredentials(forGrpc.watch, forGrpc.door, forGrpc.first);
    this.#http = new HttpServer({ fetch: app.fetch, connectionsMax: config.limits.httpConnections, tls: forHttp });
    const grpcPort = await grpc.start({ address, port: grpcServerPort }, credentials);
    return { grpc: grpcPort, http: await this.#http.start({ address, port: serverPort }) };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#options.grpc.stop(), this.#http?.stop()]);
    await Promise.all(this.#watches.map((watch) => watch.stop()));
  }

  async #secure(name: "grpc" | "http"): Promise<Secured | undefined> {
    const { config, log } = this.#options;
    const door = config.tls[name];
    if (door === undefined) return undefined;
    const watch = new CertificateWatch({ name: `tls.${name}`, files: door, log });
    const first = await watch.start();
    this.#watches.push(watch);
    return { door, watch, first };
  }
}
