import { type DurationInput, toMilliseconds } from "../duration.js";
import { guardedLogger, type Logger, stderrLogger } from "../logger.js";

export interface FlovynClientOptions {
  /** Address of the gRPC door: `http://localhost:9090`, or `https://…` for TLS. */
  serverUrl: string;
  /** Address of the HTTP door. Accepted for programs that have it in their configuration; everything goes over gRPC. */
  httpUrl?: string;
  orgId: string;
  /** Credential of workers. Without `apiKey` it serves the client calls too. */
  workerToken?: string;
  /** Credential of client calls. Without `workerToken` it serves the worker too. */
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

/** Errors: RangeError naming the option. */
export function readOptions(options: FlovynClientOptions): ClientSettings {
  const token = options.workerToken ?? options.apiKey;
  if (token === undefined || token === "") throw new RangeError("workerToken: is required, unless apiKey is given");
  const duration = (name: DurationOption, fallbackMs: number, [minMs, maxMs]: readonly [number, number]) =>
    inRange(
      options[name] === undefined ? fallbackMs : toMilliseconds(options[name], name),
      `${name} in ms`,
      minMs,
      maxMs,
    );
  return {
    serverUrl: notBlank(options.serverUrl, "serverUrl"),
    orgId: notBlank(options.orgId, "orgId"),
    workerToken: token,
    clientToken: options.apiKey ?? token,
    queue: notBlank(options.queue ?? "default", "queue"),
    workerName: notBlank(options.workerName ?? "worker", "workerName"),
    workerVersion: options.workerVersion ?? "1.0.0",
    maxConcurrentWorkflows: inRange(options.maxConcurrentWorkflows ?? 200, "maxConcurrentWorkflows", 1, slotsMax),
    maxConcurrentTasks: inRange(options.maxConcurrentTasks ?? 100, "maxConcurrentTasks", 1, slotsMax),
    taskLeaseMs: duration("taskLease", 30_000, [5000, 300_000]),
    pollHoldMs: duration("pollHold", 60_000, [0, 60_000]),
    heartbeatMs: duration("heartbeatInterval", 30_000, [100, 60_000]),
    connectMs: duration("connectTimeout", 30_000, [0, 86_400_000]),
    shutdownGraceMs: duration("shutdownGrace", 30_000, [0, 86_400_000]),
    responseBytesMax: inRange(options.responseBytesMax ?? 256 * 1024 * 1024, "responseBytesMax", 1024, 2 ** 31 - 1),
    logger: guardedLogger(options.logger ?? stderrLogger),
  };
}

type DurationOption = "taskLease" | "pollHold" | "heartbeatInterval" | "connectTimeout" | "shutdownGrace";

function notBlank(value: string, name: string): string {
  if (typeof value !== "string" || value.trim() === "") throw new RangeError(`${name}: must not be blank`);
  return value;
}

function inRange(value: number, name: string, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name}: must be a whole number from ${min} to ${max}, is ${value}`);
}
