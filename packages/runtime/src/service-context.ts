import type { Bus } from "@flovyn/bus";
import type { Clock } from "@flovyn/domain";
import type { BatchLane } from "./batch-lane.js";
import type { FlovynConfig } from "./config/config.js";
import type { Health } from "./health.js";
import type { Logger } from "./logger.js";
import type { Metrics } from "./metrics.js";

/** What every service works with; services that have more extend it. */
export interface ServiceContext {
  config: FlovynConfig;
  bus: Bus;
  /** Slots for the batches of all services in the process. */
  lane: BatchLane;
  clock: Clock;
  log: Logger;
  metrics: Metrics;
  health: Health;
}

export interface Service {
  start(): Promise<void>;
  /** Idempotent; waits for what runs. */
  stop(): Promise<void>;
}
