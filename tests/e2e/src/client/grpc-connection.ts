import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";

const DEADLINE_MS = 30_000;

export interface CallOptions {
  /** Sent beside the key. */
  metadata?: Record<string, string>;
  deadlineMs?: number;
  /** Abandons the call, as a caller that went away does. */
  signal?: AbortSignal;
}

/** A call that failed, with what a caller sees of it. */
export class CallError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly details: string;
  /** The trailer `flovyn-error-reason`. */
  readonly reason: string | undefined;

  constructor(path: string, error: ServiceError) {
    super(`${path}: ${status[error.code]}: ${error.details}`);
    this.name = "CallError";
    this.code = error.code;
    this.codeName = status[error.code] ?? String(error.code);
    this.details = error.details;
    this.reason = error.metadata?.get("flovyn-error-reason")[0]?.toString();
  }
}

/** One HTTP/2 connection to a gateway with one key, without retries of any kind. */
export class GrpcConnection {
  readonly #client: Client;
  readonly #token: string | undefined;

  constructor(address: string, token: string | undefined) {
    this.#token = token;
    this.#client = new Client(address, credentials.createInsecure(), {
      // Connections of one address would be shared otherwise, and a killed worker's calls go on over them.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": -1,
      "grpc.max_send_message_length": -1,
      "grpc.enable_retries": 0,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 500,
    });
  }

  /** Calls a unary RPC with bytes. Errors: CallError. */
  unary(path: string, request: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        asBuffer,
        asIs,
        request,
        this.#metadata(options),
        { deadline: deadlineOf(options) },
        (error, answer) => (error ? reject(new CallError(path, error)) : resolve(answer ?? Buffer.alloc(0))),
      );
      options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    });
  }

  /** Opens a server stream; messages come as bytes. The end of the stream ends the iteration. Errors: CallError. */
  async *serverStream(path: string, request: Uint8Array, options: CallOptions = {}): AsyncGenerator<Buffer> {
    const call = this.#client.makeServerStreamRequest(path, asBuffer, asIs, request, this.#metadata(options), {
      deadline: deadlineOf(options),
    });
    options.signal?.addEventListener("abort", () => call.cancel(), { once: true });
    try {
      for await (const message of call) yield message as Buffer;
    } catch (error) {
      if (options.signal?.aborted) return;
      throw new CallError(path, error as ServiceError);
    }
  }

  /** Sends messages over a client stream and awaits the answer. Errors: CallError. */
  clientStream(path: string, requests: readonly Uint8Array[], options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        path,
        asBuffer,
        asIs,
        this.#metadata(options),
        { deadline: deadlineOf(options) },
        (error, answer) => (error ? reject(new CallError(path, error)) : resolve(answer ?? Buffer.alloc(0))),
      );
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  close(): void {
    this.#client.close();
  }

  #metadata(options: CallOptions): Metadata {
    const metadata = new Metadata();
    if (this.#token !== undefined) metadata.set("authorization", `Bearer ${this.#token}`);
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    return metadata;
  }
}

function deadlineOf(options: CallOptions): number {
  return Date.now() + (options.deadlineMs ?? DEADLINE_MS);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
