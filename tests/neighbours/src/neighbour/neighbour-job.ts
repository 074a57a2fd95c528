/** What the neighbour is given. */
export interface NeighbourJob {
  /** Of the gateway that its worker polls, and of the one that its client calls. */
  workerAddress: string;
  clientAddress: string;
  orgId: string;
  userKey: string;
  workerKey: string;
}

/** A workflow that was started in the time asked for. */
export interface FinishedWorkflow {
  /** From the call that started it to its result. */
  ms: number;
  /** How it went wrong: another result, not ended once, no result at all. */
  fault?: string;
}

/** What was seen in a stretch of time. */
export interface Observation {
  workflows: FinishedWorkflow[];
  /** Calls of the worker or the client that were not answered with OK, as `PollTask: RESOURCE_EXHAUSTED: …`. */
  refusals: string[];
}

/** Asks for what was started from one time to another, in epoch milliseconds, once all of it has ended. */
export interface NeighbourQuestion {
  sinceMs: number;
  untilMs: number;
}
