import type { Target } from "../load/job.js";
import type { CountedProcess } from "../measure/cpu.js";

/** A running system under load. */
export interface Topology {
  target: Target;
  databaseUrl: string;
  /** Base URLs of /metrics, one per process that writes. */
  metricsUrls: string[];
  /** The system's processes, Postgres and the broker among them. Replicas share a name. */
  processes: CountedProcess[];
  /** Rejects when a process ends although nobody stopped it. */
  failed: Promise<never>;
  stop(): Promise<void>;
}
