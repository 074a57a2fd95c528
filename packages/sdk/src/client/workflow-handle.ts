import type { DurationInput } from "../duration.js";

export interface ResultOptions {
  /** Rejects with ResultTimeoutError after this; without it the wait has no end. The workflow goes on either way. */
  timeout?: DurationInput;
}

/** A started workflow. */
export interface WorkflowHandle<Output = unknown> {
  /** Execution id. */
  readonly id: string;
  /**
   * Waits for the end and gives the output. Rejects with WorkflowFailedError, WorkflowCancelledError, ResultTimeoutError, or
   * FlovynServiceError when the server refuses or stays out of reach for a minute.
   */
  result(options?: ResultOptions): Promise<Output>;
  /** Ends the workflow as cancelled. False when it had ended before. Errors: FlovynServiceError. */
  cancel(reason?: string): Promise<boolean>;
}

/** The handle that a start gives. */
export interface StartedWorkflow<Output = unknown> extends WorkflowHandle<Output> {
  /** False when the idempotency key belonged to an earlier start: this is the handle of that one. */
  readonly isNew: boolean;
}
