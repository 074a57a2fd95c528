import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type status,
} from "@grpc/grpc-js";

/** One call as a fake server got it. */
export interface ReceivedCall {
  readonly name: string;
  readonly request: unknown;
  readonly metadata: Metadata;
}

interface Method {
  readonly name: string;
  readonly requestType: Codec;
  readonly requestStream: boolean;
  readonly responseType: Codec;
  readonly responseStream: boolean;
}

interface Codec {
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  fromPartial(object: never): unknown;
}

export interface Service {
  readonly fullName: string;
  readonly methods: Readonly<Record<string, Method>>;
}

export type UnaryHandler = (request: never, call: ServerUnaryCall<unknown, unknown>) => unknown;
export type StreamHandler = (stream: ServerWritableStream<unknown, unknown>) => void;

/** What a handler throws to refuse a call. */
export class Refusal extends Error {
  readonly code: status;
  readonly metadata = new Metadata();

  constructor(code: status, message: string, reason?: string) {
    super(message);
    this.code = code;
    if (reason !== undefined) this.metadata.set("flovyn-error-reason", reason);
  }
}

/** A real gRPC server whose handlers a test can read from and interfere with. */
export class GrpcDoor {
  readonly #server = new Server();
  readonly #handlers: Readonly<Record<string, UnaryHandler | StreamHandler>>;
  readonly #calls: ReceivedCall[] = [];
  readonly #watchers = new Set<(call: ReceivedCall) => void>();
  readonly #interferences = new Map<string, (() => void)[]>();
  #port = 0;

  /** Handlers by RPC name; an RPC without one answers UNIMPLEMENTED. */
  constructor(services: readonly Service[], handlers: Readonly<Record<string, UnaryHandler | StreamHandler>>) {
    this.#handlers = handlers;
    for (const service of services) this.#addService(service);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get calls(): readonly ReceivedCall[] {
    return this.#calls;
  }

  /** Port 0 takes any free one. */
  start(port = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
        if (error !== null) return reject(error);
        this.#port = bound;
        resolve();
      });
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** The next calls of an RPC fail: one for each error given. */
  failNext(name: string, ...errors: readonly Error[]): void {
    const throws = errors.map((error) => () => {
      throw error;
    });
    this.#interferences.set(name, [...(this.#interferences.get(name) ?? []), ...throws]);
  }

  /** Waits for the `count`-th call of an RPC, counting those that came already. */
  received(name: string, count = 1): Promise<ReceivedCall> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.#calls.filter((call) => call.name === name)[count - 1];
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  requests(name: string): unknown[] {
    return this.#calls.filter((call) => call.name === name).map((call) => call.request);
  }

  #addService(service: Service): void {
    for (const method of Object.values(service.methods)) {
      const path = `/${service.fullName}/${method.name}`;
      const handler = this.#handlers[method.name];
      if (handler === undefined || method.requestStream) continue;
      const serialize = (message: unknown) =>
        Buffer.from(method.responseType.encode(method.responseType.fromPartial(message as never) as never).finish());
      const deserialize = (bytes: Buffer) => method.requestType.decode(bytes);
      if (method.responseStream) {
        const stream = (call: ServerWritableStream<unknown, unknown>) => {
          this.#record(method.name, call);
          (handler as StreamHandler)(call);
        };
        this.#server.register(path, stream, serialize, deserialize, "serverStream");
      } else {
        const unary = (call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>) => {
          void this.#answer(method.name, handler as UnaryHandler, call, done);
        };
        this.#server.register(path, unary, serialize, deserialize, "unary");
      }
    }
  }

  async #answer(
    name: string,
    handler: UnaryHandler,
    call: ServerUnaryCall<unknown, unknown>,
    done: sendUnaryData<unknown>,
  ): Promise<void> {
    try {
      this.#record(name, call);
      this.#interferences.get(name)?.shift()?.();
      done(null, await handler(call.request as never, call));
    } catch (error) {
      done(error as Refusal);
    }
  }

  #record(name: string, call: { request: unknown; metadata: Metadata }): void {
    this.#calls.push({ name, request: call.request, metadata: call.metadata });
    for (const look of [...this.#watchers]) look(this.#calls[this.#calls.length - 1] as ReceivedCall);
  }
}
