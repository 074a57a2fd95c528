import type { Listen } from "@flovyn/runtime";
import { logVerbosity, Server, ServerCredentials, type ServiceDefinition, setLogVerbosity } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import type { ConnectionLimit } from "../connections/connection-limit.js";
import { drainMs } from "../limits.js";
import type { SecuredDoor } from "../tls/tls-options.js";
import { watchHeads } from "./call-heads.js";
import type { GrpcContext } from "./grpc-context.js";
import { GrpcListener } from "./grpc-listener.js";
import { createHandler, type OpenCalls } from "./handlers.js";
import { passRequest, passResponse } from "./identity.js";
import { messageBytesMax } from "./message-limits.js";
import { createReflection } from "./reflection.js";
import { type Route, routes } from "./routes.js";
import { SideServices } from "./side-services.js";

/**
 * Existing workers send PINGs every 30 s, also without calls, and must not be cut off for it: grpc-js answers any number
 * of them. Our own PINGs find connections whose other end vanished; the times suit a worker that blocks for a while.
 */
const keepaliveMs = 60_000;
const keepaliveTimeoutMs = 30_000;
/** A connection without a call for so long is closed; clients connect again with their next call. */
const connectionIdleMs = 30 * 60_000;
/** Where the configuration does not limit the calls of a connection. */
const callsPerConnectionMax = 100_000;

export interface GrpcServerOptions {
  context: GrpcContext;
  connections: ConnectionLimit;
}

/** The gRPC door: one server for the published protocol, our additions, health and reflection. */
export class GrpcServer {
  readonly #context: GrpcContext;
  readonly #server: Server;
  readonly #health: HealthImplementation;
  readonly #connections: ConnectionLimit;
  readonly #open: OpenCalls[] = [];
  readonly #side: SideServices;
  #listener: GrpcListener | undefined;
  #stopping: Promise<void> | undefined;

  constructor({ context, connections }: GrpcServerOptions) {
    // It writes metadata that it cannot read to standard error, keys of callers among them.
    setLogVerbosity(logVerbosity.NONE);
    this.#context = context;
    this.#connections = connections;
    this.#server = new Server({
      interceptors: [context.admission.interceptor(context)],
      "grpc.enable_channelz": 0,
      "grpc.max_receive_message_length": messageBytesMax,
      // Histories are bounded where they are written; what a client takes is its own limit.
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": context.budgets.calls.limits.connection || callsPerConnectionMax,
      "grpc.max_connection_idle_ms": connectionIdleMs,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    });
    this.#side = new SideServices({
      ...{ server: this.#server, context },
      healthNames: new Set(Object.keys(statuses("SERVING"))),
    });
    this.#addRoutes();
    this.#health = new HealthImplementation(statuses("SERVING"));
    this.#side.addHealth({ addToServer: (server) => this.#health.addToServer(server as Server) });
    this.#side.addReflection(createReflection());
  }

  /** Calls that are open and would be ended by `stop`. */
  get streams(): number {
    return this.#open.reduce((sum, calls) => sum + calls.size, this.#side.size);
  }

  /** Listens; the port that was bound. Errors: Unavailable naming the port when it is taken. */
  start(listen: Listen, tls?: SecuredDoor): Promise<number> {
    // TLS, where there is any, has ended before grpc-js sees a connection.
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    watchHeads(this.#server);
    this.#listener = new GrpcListener({ injector, connections: this.#connections, tls });
    return this.#listener.start(listen);
  }

  /** Refuses new connections, ends open calls, lets the others finish, then cuts what is left. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    for (const [name, status] of Object.entries(statuses("NOT_SERVING"))) this.#health.setStatus(name, status);
    this.#context.lines.drain();
    for (const calls of this.#open) calls.drain();
    this.#side.drain();
    this.#listener?.close();
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => this.#connections.cut(), drainMs);
      this.#server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
    // Those in the middle of a handshake are not known to grpc-js.
    this.#connections.cut();
  }

  #addRoutes(): void {
    for (const route of routes) {
      const { handle, open } = createHandler(this.#context, route);
      if (open !== undefined) this.#open.push(open);
      this.#server.addService(definition(route), { [route.name]: handle });
    }
  }
}

/** A service of one method: what grpc-js needs to know to pass its messages through. */
function definition(route: Route): ServiceDefinition {
  return {
    [route.name]: {
      path: `/${route.path}`,
      requestStream: route.shape === "client-stream" || route.shape === "bidi",
      responseStream: route.shape === "server-stream" || route.shape === "bidi",
      requestSerialize: passRequest,
      requestDeserialize: passRequest,
      responseSerialize: passResponse,
      responseDeserialize: passResponse,
    },
  };
}

function statuses<Status extends string>(status: Status): Record<string, Status> {
  const services = new Set(routes.map(({ path }) => path.slice(0, path.indexOf("/"))));
  return Object.fromEntries(["", ...services].map((name) => [name, status]));
}
