import { newId } from "@flovyn/domain";
import type {
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Credentials } from "../auth/authenticate.js";
import { readCredentials } from "./credentials.js";
import type { OpenCalls } from "./handlers.js";
import type { StatusEdge } from "./status.js";

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;
type AnyHandler = (call: AnyCall, send?: sendUnaryData<unknown>) => void;

export interface SideServiceGuard {
  statusEdge: StatusEdge;
  /** Lets a caller in or throws. Left out when the service is open to everybody. */
  admit?: (credentials: Credentials) => Promise<void>;
}

/**
 * Services that libraries bring along, such as health and reflection: they are put on the server behind the same check of
 * keys as the others, and their streams end when the gateway goes away.
 */
export class SideServices implements OpenCalls {
  readonly #server: Server;
  readonly #streams = new Set<ServerWritableStream<unknown, unknown>>();
  #draining = false;

  constructor(server: Server) {
    this.#server = server;
  }

  get size(): number {
    return this.#streams.size;
  }

  add(service: { addToServer(server: Pick<Server, "addService">): void }, guard: SideServiceGuard): void {
    service.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const guarded: UntypedServiceImplementation = {};
        for (const [name, handler] of Object.entries(implementation)) {
          guarded[name] = this.#guard(handler as AnyHandler, guard) as UntypedServiceImplementation[string];
        }
        this.#server.addService(definition, guarded);
      },
    });
  }

  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.end();
  }

  #guard(handle: AnyHandler, { admit, statusEdge }: SideServiceGuard): AnyHandler {
    const admitted = (call: AnyCall, send?: sendUnaryData<unknown>): void => {
      if ("write" in call && send === undefined) this.#keep(call);
      handle(call, send);
    };
    if (admit === undefined) return admitted;
    return async (call, send) => {
      // Messages of a stream of requests wait until somebody listens, so that none is lost meanwhile.
      try {
        await admit(readCredentials(call));
      } catch (error) {
        const status = statusEdge(error, newId());
        if (send !== undefined) send(status);
        else call.emit("error", status);
        return;
      }
      admitted(call, send);
    };
  }

  #keep(stream: ServerWritableStream<unknown, unknown>): void {
    this.#streams.add(stream);
    stream.once("cancelled", () => this.#streams.delete(stream));
    if (this.#draining) setImmediate(() => stream.end());
  }
}
