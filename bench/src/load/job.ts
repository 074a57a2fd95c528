import type { TaskWorkloadName } from "../task-workloads.js";
import type { ClientName } from "../workloads.js";
import type { Timing } from "./closed-loop.js";

/** Where the load goes and as whom. */
export interface Target {
  /** `host:port` of each gRPC door. */
  doors: string[];
  httpUrl: string;
  orgId: string;
  workerToken: string;
  apiKey: string;
}

interface LoadJob {
  target: Target;
  /** Belongs to this job alone: the database is searched by it afterwards. */
  queue: string;
  workflows: number;
  concurrency: number;
  workers: number;
  connections: number;
}

/** What one client process is told to do: start workflows, run them and their tasks, see them end. */
export interface TaskJob extends LoadJob {
  type: "tasks";
  client: ClientName;
  workload: TaskWorkloadName;
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

export type Job = TaskJob | ReferenceJob;

interface LoadResult {
  /** Ids of the workflows as the starts returned them. */
  workflowIds: string[];
  emptyPolls: number;
}

export interface TaskResult extends LoadResult, Timing {
  /** How often a task was handed to a worker. */
  taskRuns: number;
}

export interface JobResults {
  tasks: TaskResult;
  reference: Timing;
}

export type AnyResult = JobResults[Job["type"]];

/** From a client process. It works on one job at a time. */
export type Reply = { type: "done"; result: AnyResult } | { type: "failed"; error: string };
