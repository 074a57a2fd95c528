import type { ClientName, WorkloadName } from "../workloads.js";

/** Where the load goes and as whom. */
export interface Target {
  /** `host:port` of each gRPC door. */
  doors: string[];
  httpUrl: string;
  orgId: string;
  workerToken: string;
  apiKey: string;
}

/** What one client process is told to do. */
export interface WorkflowJob {
  type: "workflows";
  client: ClientName;
  workload: WorkloadName;
  target: Target;
  /** Belongs to this job alone: the database is searched by it afterwards. */
  queue: string;
  workflows: number;
  concurrency: number;
  workers: number;
  connections: number;
}

/** The same number of calls to a server that does nothing. */
export interface ReferenceJob {
  type: "reference";
  door: string;
  rounds: number;
  callsPerRound: number;
  concurrency: number;
  connections: number;
}

export type Job = WorkflowJob | ReferenceJob;

export interface JobResult {
  /** From the first start to the last completion. */
  elapsedMs: number;
  latenciesMs: number[];
  /** Ids of the workflows as the starts returned them. */
  workflowIds: string[];
  /** How often a task was handed to a worker. */
  taskRuns: number;
  emptyPolls: number;
}

export type Reply = { ok: true; result: JobResult } | { ok: false; error: string };

/** A job that takes longer is broken. */
export const jobTimeoutMs = 60_000;
