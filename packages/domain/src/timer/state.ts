export type TimerStatus = "ARMED" | "FIRED" | "CANCELLED";

/** A timer of a workflow: read under the lock of the workflow. */
export interface Timer {
  /** Key of the row; the worker's own name for it is `timerId`. */
  readonly id: string;
  readonly workflowId: string;
  /** Chosen by the worker, unique in one run of the workflow. */
  readonly timerId: string;
  readonly status: TimerStatus;
  readonly fireAtMs: number;
}

/** A timer that a submission arms. */
export interface ArmedTimer {
  timerId: string;
  durationMs: number;
  fireAtMs: number;
  /** Sequence of its TIMER_STARTED event. */
  startedSequence: number;
}
