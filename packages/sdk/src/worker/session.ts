import type { WorkAvailableEvent } from "@flovyn/proto/v1";
import type { ClientReadableStream, ServiceError as GrpcError, Metadata } from "@grpc/grpc-js";
import type { Logger } from "../logger.js";
import { Backoff } from "../wire/backoff.js";
import type { Connection } from "../wire/connection.js";
import { subscribeToNotifications } from "../wire/rpcs.js";
import { isRefusal, toServiceError } from "../wire/service-error.js";

export interface SessionOptions {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly log: Logger;
  readonly subscription: () => { workerId: string; orgId: string; queue: string };
  /** There may be work on the queue. */
  onWork(): void;
}

/**
 * The notification stream of a worker, which is also its sign of life: when it breaks, the server gives the worker's work
 * to others unless it is opened again within two seconds. So it is opened again at once, and then ever more slowly.
 */
export class WorkerSession {
  readonly #options: SessionOptions;
  readonly #backoff = new Backoff({ firstMs: 50, maxMs: 5000 });
  #stream: ClientReadableStream<WorkAvailableEvent> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #open = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#open = true;
    this.#connect();
  }

  /** Opens the stream anew, for a worker that has got another id. */
  restart(): void {
    if (!this.#open) return;
    this.stop();
    this.start();
  }

  stop(): void {
    this.#open = false;
    clearTimeout(this.#retry);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
  }

  #connect(): void {
    const { connection, metadata, subscription, onWork } = this.#options;
    const stream = connection.stream(subscribeToNotifications, subscription(), metadata);
    this.#stream = stream;
    stream.on("metadata", () => this.#backoff.reset());
    stream.on("data", () => {
      this.#backoff.reset();
      onWork();
    });
    // An error is always followed by the status that ends the stream, so one listener does for both.
    stream.on("error", (error: GrpcError) => this.#ended(stream, toServiceError("SubscribeToNotifications", error)));
    stream.on("end", () => this.#ended(stream, undefined));
  }

  #ended(stream: ClientReadableStream<WorkAvailableEvent>, error: Error | undefined): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    const { log } = this.#options;
    if (isRefusal(error, "UNIMPLEMENTED")) {
      log.info("the server has no notifications; polls and heartbeats are the sign of life", {});
      return;
    }
    log.debug("the notification stream ended, opening it again", { err: error });
    this.#retry = setTimeout(() => this.#connect(), this.#backoff.nextMs());
  }
}
