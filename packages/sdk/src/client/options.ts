import { defaultQueue, nameLengthMax } from "@flovyn/domain";
import type { DurationInput } from "../duration.js";
import { guardedLogger, type Logger, stderrLogger } from "../logger.js";
import {
  credential,
  durationBetween,
  logger,
  name,
  notBlank,
  queue,
  text,
  version,
  wholeNumber,
} from "../options/checks.js";
import { type OptionTable, readOptions, required } from "../options/read-options.js";

export interface FlovynClientOptions {
  /** Address of the gRPC door: `http://localhost:9090`, or `https://…` for TLS. */
  serverUrl: string;
  /** Address of the HTTP door. Accepted for programs that have it in their configuration; everything goes over gRPC. */
  httpUrl?: string;
  orgId: string;
  /** Credential of workers. Without `apiKey` it serves the client calls too. */
  workerToken?: string;
  /**
   * Credential of client calls. Without `workerToken` it serves the worker too, for which it must be of the type Worker or
   * have the role OWNER: `start` fails with another.
   */
  apiKey?: string;
  /** Queue the worker takes work from, and on which workflows start. `"default"` when left out. */
  queue?: string;

  /** Beginning of the worker's name; each start adds an id. */
  workerName?: string;
  workerVersion?: string;
  /** Workflows that run at once, 200 when left out. An activation is short. */
  maxConcurrentWorkflows?: number;
  /** Tasks that run at once, 100 when left out. */
  maxConcurrentTasks?: number;
  /** Lease of a claimed task, 5 s to 5 min, 30 s when left out. The worker renews it. */
  taskLease?: DurationInput;
  /** How long the server may hold an empty poll, at most 60 s, which is the default. */
  pollHold?: DurationInput;
  /** How often the worker shows that it is alive, 30 s when left out. */
  heartbeatInterval?: DurationInput;
  /** How long `start` tries to reach the server, 30 s when left out. */
  connectTimeout?: DurationInput;
  /** How long `stop` lets running work end before it aborts it, 30 s when left out. */
  shutdownGrace?: DurationInput;
  /** Largest answer that is accepted, a whole history included, in bytes. 256 MiB when left out. */
  responseBytesMax?: number;
  /** Where log lines go. Lines from `info` upwards go to standard error when left out. */
  logger?: Logger;
}

/** The options with every default filled in and every value checked. */
export interface ClientSettings {
  readonly serverUrl: string;
  readonly orgId: string;
  readonly workerToken: string;
  /** The option that gave it. */
  readonly workerOption: "workerToken" | "apiKey";
  readonly clientToken: string;
  readonly queue: string;
  readonly workerName: string;
  readonly workerVersion: string;
  readonly maxConcurrentWorkflows: number;
  readonly maxConcurrentTasks: number;
  readonly taskLeaseMs: number;
  readonly pollHoldMs: number;
  readonly heartbeatMs: number;
  readonly connectMs: number;
  readonly shutdownGraceMs: number;
  readonly responseBytesMax: number;
  readonly logger: Logger;
}

const slotsMax = 10_000;
const hostLengthMax = 2048;
const dayMs = 86_400_000;

export const clientTable = {
  serverUrl: required(notBlank(hostLengthMax)),
  httpUrl: text(hostLengthMax),
  orgId: required(notBlank(nameLengthMax)),
  workerToken: credential,
  apiKey: credential,
  queue,
  workerName: name,
  workerVersion: version,
  maxConcurrentWorkflows: wholeNumber(1, slotsMax),
  maxConcurrentTasks: wholeNumber(1, slotsMax),
  taskLease: durationBetween(5000, 300_000),
  pollHold: durationBetween(0, 60_000),
  heartbeatInterval: durationBetween(100, 60_000),
  connectTimeout: durationBetween(0, dayMs),
  shutdownGrace: durationBetween(0, dayMs),
  responseBytesMax: wholeNumber(1024, 2 ** 31 - 1),
  logger,
} satisfies OptionTable<FlovynClientOptions>;

/** Errors: RangeError naming the option. */
export function readSettings(options: FlovynClientOptions): ClientSettings {
  const read = readOptions(options ?? null, "", clientTable);
  const token = read.workerToken ?? read.apiKey;
  if (token === undefined) throw new RangeError("workerToken: is required, unless apiKey is given");
  return {
    serverUrl: read.serverUrl,
    orgId: read.orgId,
    workerToken: token,
    workerOption: read.workerToken === undefined ? "apiKey" : "workerToken",
    clientToken: read.apiKey ?? token,
    queue: read.queue ?? defaultQueue,
    workerName: read.workerName ?? "worker",
    workerVersion: read.workerVersion ?? "1.0.0",
    maxConcurrentWorkflows: read.maxConcurrentWorkflows ?? 200,
    maxConcurrentTasks: read.maxConcurrentTasks ?? 100,
    taskLeaseMs: read.taskLease ?? 30_000,
    pollHoldMs: read.pollHold ?? 60_000,
    heartbeatMs: read.heartbeatInterval ?? 30_000,
    connectMs: read.connectTimeout ?? 30_000,
    shutdownGraceMs: read.shutdownGrace ?? 30_000,
    responseBytesMax: read.responseBytesMax ?? 256 * 1024 * 1024,
    logger: guardedLogger(read.logger ?? stderrLogger),
  };
}
