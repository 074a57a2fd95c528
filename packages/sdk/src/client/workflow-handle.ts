import type { DurationInput } from "../duration.js";
import { duration, flag } from "../options/checks.js";
import type { OptionTable } from "../options/read-options.js";
import type { SentSignal, SignalOptions } from "./signal-options.js";

export interface ResultOptions {
  /**
   * Rejects with ResultTimeoutError after this, at once when it is 0; without it the wait has no end. The workflow goes on
   * either way.
   */
  timeout?: DurationInput;
}

export interface CancelOptions {
  /** False leaves the child workflows alone. True when left out. */
  cascadeToChildren?: boolean;
}

export const resultTable = { timeout: duration } satisfies OptionTable<ResultOptions>;
export const cancelTable = { cascadeToChildren: flag } satisfies OptionTable<CancelOptions>;

/** A started workflow. */
export interface WorkflowHandle<Output = unknown> {
  /** Execution id. */
  readonly id: string;
  /**
   * Waits for the end and gives the output. Rejects with WorkflowFailedError, WorkflowCancelledError, ResultTimeoutError, or
   * FlovynServiceError when the server refuses or stays out of reach for a minute.
   */
  result(options?: ResultOptions): Promise<Output>;
  /**
   * Sends a signal. Errors: FlovynServiceError, as FAILED_PRECONDITION when the workflow has ended; RangeError for the name,
   * TypeError when the value has no JSON form.
   */
  signal(name: string, value?: unknown, options?: SignalOptions): Promise<SentSignal>;
  /**
   * Asks for what the workflow keeps under a state key; `__state` asks for all of it. Rejects with WorkflowQueryError when
   * the query is answered with an error.
   */
  query<Result = unknown>(name: string, params?: unknown): Promise<Result>;
  /** Ends the workflow as cancelled. False when it had ended before. Errors: FlovynServiceError. */
  cancel(reason?: string, options?: CancelOptions): Promise<boolean>;
}

/** The handle that a start gives. */
export interface StartedWorkflow<Output = unknown> extends WorkflowHandle<Output> {
  /** False when the idempotency key belonged to an earlier start: this is the handle of that one. */
  readonly isNew: boolean;
}
