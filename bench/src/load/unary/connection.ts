import { type ChannelCredentials, Client, credentials, Metadata } from "@grpc/grpc-js";

/** One RPC of a generated service. */
export interface Rpc<Request, Response> {
  path: string;
  serialize: (request: Request) => Buffer;
  deserialize: (bytes: Buffer) => Response;
}

interface Method<Request, Response> {
  name: string;
  requestType: { encode(message: Request): { finish(): Uint8Array } };
  responseType: { decode(bytes: Uint8Array): Response };
}

export function rpcOf<Request, Response>(service: string, method: Method<Request, Response>): Rpc<Request, Response> {
  return {
    path: `/${service}/${method.name}`,
    serialize: (request) => Buffer.from(method.requestType.encode(request).finish()),
    deserialize: (bytes) => method.responseType.decode(bytes),
  };
}

interface Caller {
  token: string | undefined;
  /** How long an empty poll may be held; undefined leaves that to the server, as existing clients do. */
  pollHoldMs?: number;
}

/** One HTTP/2 connection. */
export class Connection {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor(door: string, { token, pollHoldMs }: Caller) {
    const plain: ChannelCredentials = credentials.createInsecure();
    // Without its own pool every client of a door would share one connection.
    this.#client = new Client(door, plain, { "grpc.use_local_subchannel_pool": 1 });
    if (token !== undefined) this.#metadata.set("authorization", `Bearer ${token}`);
    if (pollHoldMs !== undefined) this.#metadata.set("flovyn-poll-hold-ms", String(pollHoldMs));
  }

  /** Rejects with the ServiceError of a call that failed. */
  call<Request, Response>(rpc: Rpc<Request, Response>, request: Request): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        rpc.path,
        rpc.serialize,
        rpc.deserialize,
        request,
        this.#metadata,
        (error, response) => {
          if (error) reject(new Error(`${rpc.path} failed: ${error.message}`));
          else if (response === undefined) reject(new Error(`${rpc.path} answered nothing`));
          else resolve(response);
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** Connections that callers take in turns. */
export class ConnectionPool {
  readonly #connections: Connection[];
  #next = 0;

  constructor(options: Caller & { doors: readonly string[]; size: number }) {
    const { doors, size, ...caller } = options;
    this.#connections = Array.from({ length: Math.max(size, doors.length) }, (_, index) => {
      const door = doors[index % doors.length];
      if (door === undefined) throw new Error("a load needs at least one door");
      return new Connection(door, caller);
    });
  }

  take(): Connection {
    const connection = this.#connections[this.#next % this.#connections.length];
    this.#next += 1;
    if (connection === undefined) throw new Error("a pool has at least one connection");
    return connection;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}
