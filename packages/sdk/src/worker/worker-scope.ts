import type { Metadata } from "@grpc/grpc-js";
import type { Logger } from "../logger.js";
import type { Connection } from "../wire/connection.js";

/** What the parts of a running worker share. */
export interface WorkerScope {
  readonly connection: Connection;
  readonly metadata: Metadata;
  readonly log: Logger;
  /** Aborted when running work shall end: the grace of a stop is over. */
  readonly shutdown: AbortSignal;
  /** Aborted when nothing may be sent any more. */
  readonly closing: AbortSignal;
}

/** Deadline of a call that does not wait for anything. */
export const callTimeoutMs = 30_000;
