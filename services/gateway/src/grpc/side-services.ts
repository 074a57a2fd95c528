import { DomainError, newId } from "@flovyn/domain";
import type {
  Server,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { addressBlock } from "../connections/address-block.js";
import { addressOf } from "./credentials.js";
import type { GrpcContext } from "./grpc-context.js";
import type { OpenCalls } from "./handlers.js";
import { reflectionTarget } from "./reflection.js";

type AnyStream = ServerWritableStream<unknown, unknown>;
type AnyCall = ServerUnaryCall<unknown, unknown> | AnyStream;
type AnyHandler = (call: AnyCall, send?: sendUnaryData<unknown>) => void;
type AnyService = { addToServer(server: Pick<Server, "addService">): void };

interface StreamRules {
  /** Looks after an open stream; the returned function is called at its end. Errors: LimitExceeded. */
  keep: (stream: AnyStream) => () => void;
  handle: (stream: AnyStream, handle: AnyHandler) => void;
}

export interface SideServicesOptions {
  server: Server;
  context: Pick<GrpcContext, "admission" | "authorize" | "budgets" | "held" | "statusEdge">;
  /** Services whose health is known. */
  healthNames: ReadonlySet<string>;
}

/** Services that libraries bring along, health and reflection. Their streams end when the gateway goes away. */
export class SideServices implements OpenCalls {
  readonly #options: SideServicesOptions;
  readonly #streams = new Set<AnyStream>();
  #draining = false;

  constructor(options: SideServicesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  /**
   * The library keeps each name that was ever watched, and strangers may send any: of a name that is not known it is told
   * here that it is not.
   */
  addHealth(service: AnyService): void {
    const isUnknown = (stream: AnyStream) =>
      !this.#options.healthNames.has((stream.request as { service: string }).service);
    this.#add(service, {
      keep: (stream) => this.#countHealth(stream),
      handle: (stream, handle) => {
        if (isUnknown(stream)) stream.write({ status: "SERVICE_UNKNOWN" });
        else handle(stream);
      },
    });
  }

  /** The library answers as fast as it is asked, whether answers are read or not: asking waits for reading. */
  addReflection(service: AnyService): void {
    this.#add(service, {
      keep: (stream) => this.#holdReflection(stream),
      handle: (stream, handle) => {
        handle(stream);
        const duplex = stream as unknown as ServerDuplexStream<unknown, unknown>;
        duplex.on("data", () => {
          if (duplex.writableNeedDrain) duplex.pause().once("drain", () => duplex.resume());
        });
      },
    });
  }

  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.end();
  }

  #add(service: AnyService, rules: StreamRules): void {
    service.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const kept: UntypedServiceImplementation = {};
        for (const [name, handler] of Object.entries(implementation)) {
          kept[name] = this.#around(handler as AnyHandler, rules) as UntypedServiceImplementation[string];
        }
        this.#options.server.addService(tolerant(definition), kept);
      },
    });
  }

  #around(handle: AnyHandler, rules: StreamRules): AnyHandler {
    return (call, send) => {
      if ("request" in call && call.request === unreadable) {
        const status = this.#options.context.statusEdge(unreadableRequest(), newId());
        if (send === undefined) call.emit("error", status);
        else send(status);
      } else if (!("write" in call) || send !== undefined) handle(call, send);
      else if (this.#keep(call, rules)) rules.handle(call, handle);
    };
  }

  /** False for a stream that is one too many, which has ended. */
  #keep(stream: AnyStream, { keep }: StreamRules): boolean {
    let release: () => void;
    try {
      release = keep(stream);
    } catch (error) {
      stream.emit("error", this.#options.context.statusEdge(error, newId()));
      return false;
    }
    this.#streams.add(stream);
    stream.once("cancelled", () => {
      this.#streams.delete(stream);
      release();
    });
    if (this.#draining) setImmediate(() => stream.end());
    return true;
  }

  #countHealth(stream: AnyStream): () => void {
    return this.#options.context.budgets.health_streams.hold({ address: addressBlock(addressOf(stream.getPeer())) });
  }

  #holdReflection(stream: AnyStream): () => void {
    const { admission, authorize, held, statusEdge } = this.#options.context;
    const { caller, credentials } = admission.of(stream);
    const { action } = reflectionTarget;
    const { address } = credentials;
    return held.hold({
      ...{ caller, kind: "streams" },
      check: () => authorize(caller, action, { orgId: caller.orgId }),
      facts: () => ({ door: "grpc", caller, action, resourceId: "", address, requestId: newId() }),
      end: (why) => stream.emit("error", statusEdge(why, newId())),
    });
  }
}

/** Stands for a request that is no message of its type. */
const unreadable = Symbol("unreadable");

/** The library would answer a request that it cannot read as if that were a fault of the server. */
function tolerant(definition: ServiceDefinition): ServiceDefinition {
  const methods = Object.entries(definition).map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        return method.requestDeserialize(bytes);
      } catch {
        return unreadable;
      }
    };
    return [name, { ...method, requestDeserialize }] as const;
  });
  return Object.fromEntries(methods);
}

function unreadableRequest(): DomainError {
  return new DomainError("InvalidInput", "the request is not a valid protobuf message of its type");
}
