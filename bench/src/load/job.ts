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

export const resumeNames = ["during", "after"] as const;
/** Whether workers take the workflows that timers woke as they fire, or not before the last one is due. */
export type Resume = (typeof resumeNames)[number];

/** Have every workflow arm timers, say so, and see all of them fire. */
export interface TimerJob extends LoadJob {
  type: "timers";
  timersPerWorkflow: number;
  /** From the beginning of the job to the first due time. */
  leadMs: number;
  /** From the first due time to the last. */
  overMs: number;
  /** Fails when a timer is armed after the first due time: the load would not be the one that was asked for. */
  armsInTime: boolean;
  resume: Resume;
}

export const wakeNames = ["signal", "promise"] as const;
export type WakeName = (typeof wakeNames)[number];

/** Have every workflow wait, say so, and wake each of them so many times; `concurrency` calls are on their way at once. */
export interface WakeJob extends LoadJob {
  type: "wakes";
  wake: WakeName;
  wakesPerWorkflow: number;
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

export type Job = TaskJob | TimerJob | WakeJob | ReferenceJob;

interface LoadResult {
  /** Ids of the workflows as the starts returned them. */
  workflowIds: string[];
  emptyPolls: number;
}

export interface TaskResult extends LoadResult, Timing {
  /** How often a task was handed to a worker. */
  taskRuns: number;
}

export interface TimerResult extends LoadResult {
  /** From the first start until every timer was armed. */
  armedMs: number;
  /** From the last due time until every workflow had seen all of its timers and had completed. */
  completedMs: number;
  activations: number;
}

export interface WakeResult extends LoadResult {
  /** From the first call until an activation has seen the last one. */
  elapsedMs: number;
  /** From each call until the poll was answered whose activation sees what it did. */
  latenciesMs: number[];
  /** The same until the worker has read the history as well. */
  historyLatenciesMs: number[];
  activations: number;
}

export interface JobResults {
  tasks: TaskResult;
  timers: TimerResult;
  wakes: WakeResult;
  reference: Timing;
}

export type AnyResult = JobResults[Job["type"]];

/** To a client process. It works on one job at a time. */
export type Order = { type: "run"; job: Job } | { type: "go" };

/** From a client process. After `ready` it waits for `go`: what comes before is preparation. */
export type Reply = { type: "ready" } | { type: "done"; result: AnyResult } | { type: "failed"; error: string };
