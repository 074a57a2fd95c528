import {
  Client,
  type ClientReadableStream,
  credentials,
  type ServiceError as GrpcError,
  Metadata,
} from "@grpc/grpc-js";
import { Dialler } from "./dialler.js";
import type { Rpc } from "./rpc.js";
import { readServerUrl, type ServerAddress, targetOf } from "./server-url.js";
import { FlovynConnectionError, isAnswer, isUnconnected, toServiceError } from "./service-error.js";

/** A call that can be given up. */
export interface PendingCall<Response> {
  readonly response: Promise<Response>;
  cancel(): void;
}

export interface CallOptions {
  /** Until the call ends DEADLINE_EXCEEDED. */
  readonly timeoutMs: number;
}

export interface ConnectionOptions {
  readonly serverUrl: string;
  readonly responseBytesMax: number;
}

/** A call that has waited so long for the first answer of its server has a look at what is there. */
const firstLookMs = 300;

/** One HTTP/2 connection to the server, opened by the first call. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #address: ServerAddress;
  readonly #dialler: Dialler;
  #client: Client | undefined;
  /** Whether the server has ever answered. */
  #answered = false;

  /** Errors: RangeError when the URL cannot be read. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#address = readServerUrl(options.serverUrl);
    this.#dialler = new Dialler(this.#address);
  }

  /** Rejects with FlovynServiceError. `metadata` must not change afterwards. */
  start<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    metadata: Metadata,
    options: CallOptions,
  ): PendingCall<Response> {
    let cancel = () => {};
    const response = new Promise<Response>((resolve, reject) => {
      const watch = this.#answered
        ? undefined
        : this.#watchFirst(rpc.name, (error) => {
            reject(error);
            cancel();
          });
      const done = (error: GrpcError | null, value?: Response) => {
        clearTimeout(watch);
        if (error === null) {
          this.#answered = true;
          resolve(value as Response);
        } else if (isUnconnected(error)) {
          void this.#unconnected(rpc.name).then(reject);
        } else {
          this.#answered ||= isAnswer(error);
          reject(toServiceError(rpc.name, error));
        }
      };
      const deadline = Date.now() + options.timeoutMs;
      // grpc-js makes an Error at each call only for its stack, which costs more than the rest of the call.
      const stackTraceLimit = Error.stackTraceLimit;
      Error.stackTraceLimit = 0;
      try {
        const { path, serialize, deserialize } = rpc;
        const call = this.#open().makeUnaryRequest(path, serialize, deserialize, request, metadata, { deadline }, done);
        cancel = () => call.cancel();
      } finally {
        Error.stackTraceLimit = stackTraceLimit;
      }
    });
    return { response, cancel };
  }

  call<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    metadata: Metadata,
    options: CallOptions,
  ): Promise<Response> {
    return this.start(rpc, request, metadata, options).response;
  }

  /** Opens a server stream without a deadline. */
  stream<Request, Response>(
    rpc: Rpc<Request, Response>,
    request: Request,
    metadata: Metadata,
  ): ClientReadableStream<Response> {
    return this.#open().makeServerStreamRequest(rpc.path, rpc.serialize, rpc.deserialize, request, metadata);
  }

  /** Calls that run are left to end; a later call opens the connection again. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  /** Calls wait for a connection, which is no use at an address where there never was a gRPC server. */
  #watchFirst(operation: string, giveUp: (error: FlovynConnectionError) => void): NodeJS.Timeout {
    const look = async () => {
      const error = await this.#unconnected(operation);
      if (error.lasting) giveUp(error);
    };
    return setTimeout(() => void look(), firstLookMs);
  }

  async #unconnected(operation: string): Promise<FlovynConnectionError> {
    const { serverUrl } = this.#options;
    const found = await this.#dialler.dial();
    if (found === undefined) {
      const problem = "an HTTP/2 server answers now, but there was no connection to it in time; try again";
      return new FlovynConnectionError(operation, { serverUrl, problem, lasting: false });
    }
    // A gateway that is being replaced may have something else in its place for a while.
    const lasting = found.lasting && !this.#answered;
    return new FlovynConnectionError(operation, {
      serverUrl,
      problem: `${found.found}; check ${found.check}`,
      lasting,
    });
  }

  #open(): Client {
    if (this.#client === undefined) {
      const target = targetOf(this.#address);
      this.#client = new Client(target, this.#address.tls ? credentials.createSsl() : credentials.createInsecure(), {
        "grpc.max_receive_message_length": this.#options.responseBytesMax,
        "grpc.max_send_message_length": -1,
        // A gateway that restarts is back within a second; the library's own back-off begins with one and grows to 120.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 2000,
        // Finds a dead connection below an idle poll.
        "grpc.keepalive_time_ms": 30_000,
        "grpc.keepalive_timeout_ms": 10_000,
        "grpc.keepalive_permit_without_calls": 1,
        // One connection for each client, so that closing it closes nothing of others.
        "grpc.use_local_subchannel_pool": 1,
      });
    }
    return this.#client;
  }
}

/** What goes along with every call of one kind. */
export function callMetadata(token: string, more: Record<string, string> = {}, waitForReady = false): Metadata {
  const metadata = new Metadata({ waitForReady });
  metadata.set("authorization", `Bearer ${token}`);
  for (const [key, value] of Object.entries(more)) metadata.set(key, value);
  return metadata;
}
