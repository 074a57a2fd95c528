import type { Caller } from "@flovyn/bus";
import { newId } from "@flovyn/domain";
import { type Listen, listenOn } from "@flovyn/runtime";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { toCallError } from "../audit/auditor.js";
import type { Credentials } from "../auth/authenticate.js";
import { callsPerConnectionMax, drainMs, grpcRequestBytesMax } from "../limits.js";
import type { GrpcContext } from "./grpc-context.js";
import { createHandler, type OpenCalls } from "./handlers.js";
import { passRequest, passResponse } from "./identity.js";
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

/** The gRPC door: one server for the published protocol, our additions, health and reflection. */
export class GrpcServer {
  readonly #context: GrpcContext;
  readonly #server: Server;
  readonly #health: HealthImplementation;
  readonly #open: OpenCalls[] = [];
  readonly #side: SideServices;
  #stopping: Promise<void> | undefined;

  constructor(context: GrpcContext) {
    this.#context = context;
    this.#server = new Server({
      "grpc.enable_channelz": 0,
      "grpc.max_receive_message_length": grpcRequestBytesMax,
      // Histories have no limit of their own; what a client takes is its own limit.
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": callsPerConnectionMax,
      "grpc.max_connection_idle_ms": connectionIdleMs,
      "grpc.keepalive_time_ms": keepaliveMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    });
    this.#side = new SideServices(this.#server);
    this.#addRoutes();
    this.#health = new HealthImplementation(statuses("SERVING"));
    const { statusEdge } = context;
    this.#side.add({ addToServer: (server) => this.#health.addToServer(server as Server) }, { statusEdge });
    this.#side.add(createReflection(), {
      statusEdge,
      admit: (credentials) => admitToApi(context, credentials),
    });
  }

  /** Calls that are open and would be ended by `stop`. */
  get streams(): number {
    return this.#open.reduce((sum, calls) => sum + calls.size, this.#side.size);
  }

  /** Listens; the port that was bound. Errors: Unavailable naming the port when it is taken. */
  start(listen: Listen, credentials: ServerCredentials = ServerCredentials.createInsecure()): Promise<number> {
    return listenOn(listen, "gRPC", (host, port) =>
      this.#bind(host.includes(":") ? `[${host}]` : host, port, credentials),
    );
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
    await new Promise<void>((resolve) => {
      const cut = setTimeout(() => this.#server.forceShutdown(), drainMs);
      this.#server.tryShutdown(() => {
        clearTimeout(cut);
        resolve();
      });
    });
  }

  #addRoutes(): void {
    for (const route of routes) {
      const { handle, open } = createHandler(this.#context, route);
      if (open !== undefined) this.#open.push(open);
      this.#server.addService(definition(route), { [route.name]: handle });
    }
  }

  #bind(host: string, port: number, credentials: ServerCredentials): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }
}

/** Lets those in who may see the description of the interface. Errors: Unauthenticated, Forbidden, LimitExceeded. */
async function admitToApi({ authenticate, authorize, auditor }: GrpcContext, credentials: Credentials): Promise<void> {
  const action = "viewApi";
  let caller: Caller | undefined;
  try {
    caller = await authenticate(credentials);
    authorize(caller, action, { orgId: caller.orgId });
  } catch (error) {
    const { address } = credentials;
    const call = { door: "grpc", caller, action, resourceId: "", address, requestId: newId() } as const;
    auditor.ended(call, toCallError(error));
    throw error;
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
