import type { AttackName } from "../attack/kinds/index.js";
import type { AttackResult } from "../attack/run-attack.js";
import { percentile } from "../measure/percentile.js";
import type { Observation } from "../neighbour/neighbour-job.js";

/** What an attack did. */
export interface Outcome {
  attack: AttackName;
  result: AttackResult;
  /** The neighbour before and after the attack, and during it. */
  idle: Observation[];
  attacked: Observation;
  /** Processes of the server that ended. */
  ended: string[];
  memory: {
    /** The process that has grown most; the figures are its. */
    process: string;
    beforeBytes: number;
    peakBytes: number;
    afterBytes: number;
    /** Until it was back, in ms; undefined when it was not, in the time it has. */
    backAfterMs: number | undefined;
  };
}

export interface Latency {
  count: number;
  p50: number;
  p99: number;
  max: number;
}

/** Of workflows that went well: one that is refused at once is not a fast one. */
export function latencyOf(observations: readonly Observation[]): Latency {
  const all = observations.flatMap(({ workflows }) => workflows.filter(({ fault }) => !fault).map(({ ms }) => ms));
  return { count: all.length, p50: percentile(all, 50), p99: percentile(all, 99), max: Math.max(0, ...all) };
}

/** How many times the 99th percentile of the idle neighbour the attacked one has. */
export function ratioOf({ idle, attacked }: Outcome): number {
  return latencyOf([attacked]).p99 / latencyOf(idle).p99;
}
