/** What calls of a workflow context give, where it is more than a promise. */

/** A sleep that can be cut short. */
export interface TimerPromise extends Promise<void> {
  /**
   * Rejects the sleep with TimerCancelledError, at once. Nothing happens when the sleep ended before, or the second time.
   */
  cancel(): void;
}

/** A wait for a signal that can be given up. */
export interface SignalPromise<Value> extends Promise<Value> {
  /**
   * Gives the wait up, so that it takes no signal away from a later one; it rejects with SignalWaitCancelledError. Nothing
   * happens when the signal is there already.
   */
  cancel(): void;
}

/** A child workflow that was scheduled; as a promise, its output. */
export interface ChildWorkflowPromise<Output> extends Promise<Output> {
  /** Execution id of the child. */
  readonly id: string;
  /** Name of the child in its parent. */
  readonly name: string;
  /** The same as `ctx.cancelWorkflow` of the child. */
  cancel(reason?: string): void;
}
