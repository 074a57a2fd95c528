import type { Logger } from "../../logger.js";
import type { ProcessClock } from "../process-clock.js";
import type { Replay } from "../replay.js";
import type { Children } from "./child-workflow.js";
import type { DurablePromises } from "./durable-promise.js";

/** What the calls of one activation share. */
export interface ActivationScope {
  readonly executionId: string;
  readonly input: unknown;
  /** The workflow's clock, which stands still during the activation. */
  readonly timeMillis: number;
  /** The clock of the process, and what it showed when the activation began. */
  readonly clock: ProcessClock;
  readonly beganMs: number;
  readonly replay: Replay;
  readonly log: Logger;
  readonly newId: () => string;
  readonly random: () => number;
  /** State as the calls of this activation built it up: JSON text by key. */
  readonly state: Map<string, string>;
  /** Promises that the calls of this activation created, repeated ones included. */
  readonly promises: DurablePromises;
  /** Child workflows that the calls of this activation scheduled, repeated ones included. */
  readonly children: Children;
  /** True once the activation is over; what is left of the function must have no effect. */
  closed: boolean;
}
