import type { Caller } from "@flovyn/bus";
import { DomainError, newId } from "@flovyn/domain";
import type {
  Server,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  sendUnaryData,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { addressBlock } from "../connections/address-block.js";
import { healthStreamsMax, healthStreamsPerAddressMax } from "../limits.js";
import { KeyedCounts } from "../rate/keyed-counts.js";
import { addressOf } from "./credentials.js";
import type { GrpcContext } from "./grpc-context.js";
import type { OpenCalls } from "./handlers.js";
import { reflectionTarget } from "./reflection.js";

type AnyStream = ServerWritableStream<unknown, unknown>;
type AnyCall = ServerUnaryCall<unknown, unknown> | AnyStream;
type AnyHandler = (call: AnyCall, send?: sendUnaryData<unknown>) => void;
type AnyService = { addToServer(server: Pick<Server, "addService">): void };

/** What looks after an open stream; the returned function is called at its end. Errors: LimitExceeded. */
type Keeper = (stream: AnyStream) => () => void;

export interface SideServicesOptions {
  server: Server;
  context: Pick<GrpcContext, "admission" | "authorize" | "held" | "statusEdge">;
  /** Streams of health, of which strangers may open any number: in all, and from one address. */
  healthMax?: { streams: number; perAddress: number };
}

/** Services that libraries bring along, health and reflection. Their streams end when the gateway goes away. */
export class SideServices implements OpenCalls {
  readonly #options: SideServicesOptions;
  readonly #streams = new Set<AnyStream>();
  readonly #ofHealth = { all: 0, byBlock: new KeyedCounts() };
  #draining = false;

  constructor(options: SideServicesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  addHealth(service: AnyService): void {
    this.#add(service, (stream) => this.#countHealth(stream));
  }

  addReflection(service: AnyService): void {
    this.#add(service, (stream) => this.#holdReflection(stream));
  }

  drain(): void {
    this.#draining = true;
    for (const stream of this.#streams) stream.end();
  }

  #add(service: AnyService, keeper: Keeper): void {
    service.addToServer({
      addService: (definition: ServiceDefinition, implementation: UntypedServiceImplementation) => {
        const kept: UntypedServiceImplementation = {};
        for (const [name, handler] of Object.entries(implementation)) {
          kept[name] = this.#around(handler as AnyHandler, keeper) as UntypedServiceImplementation[string];
        }
        this.#options.server.addService(definition, kept);
      },
    });
  }

  #around(handle: AnyHandler, keeper: Keeper): AnyHandler {
    return (call, send) => {
      if (!("write" in call) || send !== undefined || this.#keep(call, keeper)) handle(call, send);
    };
  }

  /** False for a stream that is one too many, which has ended. */
  #keep(stream: AnyStream, keeper: Keeper): boolean {
    let release: () => void;
    try {
      release = keeper(stream);
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
    const { healthMax = { streams: healthStreamsMax, perAddress: healthStreamsPerAddressMax } } = this.#options;
    const counts = this.#ofHealth;
    const block = addressBlock(addressOf(stream.getPeer()));
    if (counts.all >= healthMax.streams || counts.byBlock.of(block) >= healthMax.perAddress) {
      throw new DomainError("LimitExceeded", "too many streams of health at this gateway");
    }
    counts.all += 1;
    counts.byBlock.add(block);
    return () => {
      counts.all -= 1;
      counts.byBlock.remove(block);
    };
  }

  #holdReflection(stream: AnyStream): () => void {
    const { admission, authorize, held, statusEdge } = this.#options.context;
    const caller: Caller = admission.of(stream).caller;
    return held.hold({
      ...{ caller, kind: "streams" },
      check: () => authorize(caller, reflectionTarget.action, { orgId: caller.orgId }),
      end: (why) => stream.emit("error", statusEdge(why, newId())),
    });
  }
}
