import { durationMsMax } from "@flovyn/domain";
import { NonRetryableError, RetryLaterError } from "../errors.js";
import { encodeJson } from "../json.js";
import { readThrown } from "../thrown/read-thrown.js";
import { isInstance, member } from "../thrown/safely.js";

/** How a failed attempt is reported. */
export interface Failure {
  readonly error: string;
  readonly errorType?: string;
  /** False ends the task whatever retries it has left. */
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
}

/** What a task function threw means for the task. Never throws. */
export function toFailure(thrown: unknown): Failure {
  const { name, text } = readThrown(thrown);
  const retryAfterMs = isInstance(thrown, RetryLaterError) ? member(thrown, "retryAfterMs") : undefined;
  return {
    error: text,
    ...(name === undefined ? {} : { errorType: name }),
    ...(isInstance(thrown, NonRetryableError) ? { retryable: false } : {}),
    // Code may have put anything in its place, which the server would refuse together with the report.
    ...(isDelay(retryAfterMs) ? { retryAfterMs } : {}),
  };
}

function isDelay(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= durationMsMax;
}

/** Errors: NonRetryableError when there is no JSON form: another attempt would most likely make another such output. */
export function encodeOutput(output: unknown, kind: string): Buffer {
  try {
    return encodeJson(output, `the output of task "${kind}"`);
  } catch (error) {
    throw new NonRetryableError((error as TypeError).message, { cause: error });
  }
}
