import type { DurationInput } from "../duration.js";
import { type Check, duration, maxRetries, numberBetween, oneOf, wrong } from "../options/checks.js";
import { type OptionTable, readOptions } from "../options/read-options.js";

export type RetryStrategy = "none" | "fixed" | "linear" | "exponential" | "fibonacci";

/** How a failed task is tried again. What is left out follows the defaults of the server. */
export interface RetryOptions {
  /** Further attempts after the first: 3 means up to four attempts. The server's default is 3. */
  maxRetries?: number;
  /** How the delay grows. Without a strategy, base, multiplier, max or jitter the next attempt is immediate. */
  strategy?: RetryStrategy;
  /** First delay. */
  base?: DurationInput;
  /** Growth of `exponential`, 1 to 1000. */
  multiplier?: number;
  /** Longest delay. */
  max?: DurationInput;
  /** Share by which a delay may differ either way, 0 to 1. */
  jitter?: number;
}

export const retryTable = {
  maxRetries,
  strategy: oneOf("none", "fixed", "linear", "exponential", "fibonacci"),
  base: duration,
  multiplier: numberBetween(1, 1000),
  max: duration,
  jitter: numberBetween(0, 1),
} satisfies OptionTable<RetryOptions>;

/** What travels: a budget, and the policy as JSON text. */
export interface WireRetry {
  readonly maxRetries: number | undefined;
  readonly retryPolicy: string | undefined;
}

/** Retry options, or a bare number of retries. */
export const retry: Check<WireRetry> = (value, field) => {
  if (typeof value === "number") {
    return { maxRetries: maxRetries(value, `${field}.maxRetries`), retryPolicy: undefined };
  }
  if (typeof value !== "object" || value === null) throw wrong(field, "a number of retries or an object", value);
  const { maxRetries: budget, base: baseMs, max: maxMs, ...rest } = readOptions(value, `${field}.`, retryTable);
  const { strategy, multiplier, jitter } = rest;
  const text = JSON.stringify({ strategy, baseMs, multiplier, maxMs, jitter });
  return { maxRetries: budget, retryPolicy: text === "{}" ? undefined : text };
};
