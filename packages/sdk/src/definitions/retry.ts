import { type DurationInput, toMilliseconds } from "../duration.js";

export type RetryStrategy = "none" | "fixed" | "linear" | "exponential" | "fibonacci";

/** How a failed task is tried again. What is left out follows the defaults of the server. */
export interface RetryOptions {
  /** Further attempts after the first: 3 means up to four attempts. The server's default is 3. */
  maxRetries?: number;
  /** How the delay grows. Without a strategy, base, multiplier, max or jitter the next attempt is immediate. */
  strategy?: RetryStrategy;
  /** First delay. */
  base?: DurationInput;
  /** Growth of `exponential`. */
  multiplier?: number;
  /** Longest delay. */
  max?: DurationInput;
  /** Share by which a delay may differ either way, 0 to 1. */
  jitter?: number;
}

/** What travels: a budget, and the policy as JSON text. */
export interface WireRetry {
  readonly maxRetries: number | undefined;
  readonly retryPolicy: string | undefined;
}

/** Reads retry options, or a bare number of retries. Errors: RangeError naming the field. */
export function toWireRetry(retry: RetryOptions | number | undefined, field: string): WireRetry {
  const options = typeof retry === "number" ? { maxRetries: retry } : (retry ?? {});
  return {
    maxRetries: checkMaxRetries(options.maxRetries, `${field}.maxRetries`),
    retryPolicy: policyText(options, field),
  };
}

/** Errors: RangeError. */
export function checkMaxRetries(value: number | undefined, field: string): number | undefined {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0 && value <= 10_000)) {
    throw new RangeError(`${field}: must be a whole number from 0 to 10000, is ${value}`);
  }
  return value;
}

function policyText(options: RetryOptions, field: string): string | undefined {
  const { strategy, base, multiplier, max, jitter } = options;
  const policy = {
    strategy,
    baseMs: base === undefined ? undefined : toMilliseconds(base, `${field}.base`),
    multiplier: checkNumber(multiplier, `${field}.multiplier`, 1, 1000),
    maxMs: max === undefined ? undefined : toMilliseconds(max, `${field}.max`),
    jitter: checkNumber(jitter, `${field}.jitter`, 0, 1),
  };
  const text = JSON.stringify(policy);
  return text === "{}" ? undefined : text;
}

function checkNumber(value: number | undefined, field: string, min: number, max: number): number | undefined {
  if (value !== undefined && !(value >= min && value <= max)) {
    throw new RangeError(`${field}: must be a number from ${min} to ${max}, is ${value}`);
  }
  return value;
}
