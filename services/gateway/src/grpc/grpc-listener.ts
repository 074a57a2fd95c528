import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { BoundServer, type Listen } from "@flovyn/runtime";
import type { ConnectionInjector } from "@grpc/grpc-js";
import type { ConnectionLimit } from "../connections/connection-limit.js";
import { grpcCloseMs, grpcPrefaceBytes, grpcPrefaceMs } from "../limits.js";
import { type SecuredDoor, secureContext, tlsOptions } from "../tls/tls-options.js";

export interface GrpcListenerOptions {
  injector: ConnectionInjector;
  connections: ConnectionLimit;
  tls: SecuredDoor | undefined;
  /** In ms. */
  prefaceMs?: number;
  /** How long the other end may take to close a connection that this one has ended. In ms. */
  closeMs?: number;
}

/**
 * Accepts connections for grpc-js, which would take any number of them and wait for ever for their first byte. TLS is
 * ended here, as at the HTTP door.
 */
export class GrpcListener {
  readonly #options: GrpcListenerOptions;
  readonly #server: Server;
  #bound: BoundServer | undefined;

  constructor(options: GrpcListenerOptions) {
    this.#options = options;
    const { injector, connections, tls } = options;
    const inject = (socket: Socket) => {
      this.#expectPreface(socket);
      this.#expectClose(socket);
      injector.injectConnection(socket);
    };
    if (tls === undefined) {
      this.#server = createServer();
      connections.guard(this.#server, inject);
    } else {
      const server = createTlsServer({ ...tlsOptions(tls), ALPNProtocols: ["h2"] }, (socket) => {
        // A connection may break before HTTP/2 looks after it.
        socket.on("error", () => {});
        inject(socket);
      });
      // Servers of HTTP do this themselves: without it a handshake that takes too long stays open.
      server.on("tlsClientError", (_error, socket) => socket.destroy());
      tls.watch.onChange((certificates) => server.setSecureContext(secureContext(certificates)));
      connections.guard(server);
      this.#server = server;
    }
  }

  /** Listens; the port that was bound. Errors: Unavailable naming the port when it is taken. */
  async start(listen: Listen): Promise<number> {
    this.#bound = await BoundServer.listen(this.#server, listen, "gRPC");
    return this.#bound.port;
  }

  /** Refuses new connections; open ones go on. */
  close(): void {
    void this.#bound?.close();
  }

  /** Whoever speaks HTTP/2 begins with 24 bytes; a connection that does not has no business here. */
  #expectPreface(socket: Socket): void {
    const late = setTimeout(() => {
      if (socket.bytesRead < grpcPrefaceBytes) socket.destroy();
    }, this.#options.prefaceMs ?? grpcPrefaceMs);
    late.unref();
    socket.once("close", () => clearTimeout(late));
  }

  /** A session that ends writes its last bytes and waits for the other end, which may never come to it. */
  #expectClose(socket: Socket): void {
    socket.once("finish", () => {
      const late = setTimeout(() => socket.destroy(), this.#options.closeMs ?? grpcCloseMs);
      late.unref();
      socket.once("close", () => clearTimeout(late));
    });
  }
}
