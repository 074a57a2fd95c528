import { NonRetryableError, RetryLaterError } from "../errors.js";
import { encodeJson } from "../json.js";

const errorTextMax = 64 * 1024;

/** How a failed attempt is reported. */
export interface Failure {
  readonly error: string;
  readonly errorType?: string;
  /** False ends the task whatever retries it has left. */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** What the error of a task function means for the task. */
export function toFailure(error: unknown): Failure {
  if (!(error instanceof Error)) return { error: String(error) };
  return {
    error: (error.message || error.name).slice(0, errorTextMax),
    errorType: error.name,
    ...(error instanceof NonRetryableError ? { retryable: false } : {}),
    ...(error instanceof RetryLaterError ? { retryAfterMs: error.retryAfterMs } : {}),
  };
}

/** Errors: NonRetryableError when there is no JSON form: another attempt would most likely make another such output. */
export function encodeOutput(output: unknown, kind: string): Buffer {
  try {
    return encodeJson(output, `the output of task "${kind}"`);
  } catch (error) {
    throw new NonRetryableError((error as TypeError).message, { cause: error });
  }
}
