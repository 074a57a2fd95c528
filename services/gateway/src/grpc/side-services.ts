import { DomainError, newId } from "@flovyn/domain";
import type {
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { sideStreamsMax } from "../limits.js";
import type { OpenCalls } from "./handlers.js";
import type { StatusEdge } from "./status.js";

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerWritableStream<unknown, unknown>;
type AnyHandler = (call: AnyCall, send?: sendUnaryData<unknown>) => void;

export interface SideServicesOptions {
  server: Server;
  statusEdge: StatusEdge;
  streamsMax?: number;
}

/**
 * Services that libraries bring along, such as health and reflection: their streams are counted, because health is open
 * to everybody, and end when the gateway goes away.
 */
export class SideServices implements OpenCalls {
  readonly #options: SideServicesOptions;
  readonly #streams = new Set<ServerWritableStream<unknown, unknown>>();
  #draining = false;

  constructor(options: SideServicesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  add(service: { addToServer(server: Pick<Server, "addService">): void }): void {
    service.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const kept: UntypedServiceImplementation = {};
        for (const [name, handler] of Object.entries(implementation)) {
          kept[name] = this.#around(handler as AnyHandler) as UntypedServiceImplementation[string];
        }
        this.#options.server.addService(definition, kept);
      },
    });
  }

  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.end();
  }

  #around(handle: AnyHandler): AnyHandler {
    return (call, send) => {
      if (!("write" in call) || send !== undefined || this.#keep(call)) handle(call, send);
    };
  }

  /** False for a stream that is one too many, which has ended. */
  #keep(stream: ServerWritableStream<unknown, unknown>): boolean {
    const { statusEdge, streamsMax = sideStreamsMax } = this.#options;
    if (this.#streams.size >= streamsMax) {
      const error = new DomainError("LimitExceeded", `too many streams at this gateway, at most ${streamsMax}`);
      stream.emit("error", statusEdge(error, newId()));
      return false;
    }
    this.#streams.add(stream);
    stream.once("cancelled", () => this.#streams.delete(stream));
    if (this.#draining) setImmediate(() => stream.end());
    return true;
  }
}
