import { invalidField } from "./errors.js";
import { checkNesting, durationMsMax } from "./limits.js";

export type RetryStrategy = "none" | "fixed" | "linear" | "exponential" | "fibonacci";

const strategies: readonly string[] = ["none", "fixed", "linear", "exponential", "fibonacci"];

/** How long a failed task waits before its next attempt. Without a policy the next attempt is immediate. */
export interface RetryPolicy {
  strategy: RetryStrategy;
  baseMs: number;
  /** Growth of `exponential`. */
  multiplier: number;
  maxMs: number;
  /** Share by which a delay may differ either way, 0 to 1. */
  jitter: number;
}

const retryPolicyDefaults: RetryPolicy = {
  strategy: "exponential",
  baseMs: 1000,
  multiplier: 2,
  maxMs: 30_000,
  jitter: 0.1,
};

/** The longest wait that a worker may ask for when there is no policy. */
const retryAfterMsMax = 3_600_000;

/** Reads the JSON form of a policy. Errors: InvalidInput naming the member. */
export function parseRetryPolicy(text: string, field: string): RetryPolicy {
  checkNesting(text, field);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw invalidField(field, "must be a JSON object");
  }
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    throw invalidField(field, "must be a JSON object");
  }
  const members = given as Record<string, unknown>;
  const strategy = members.strategy ?? retryPolicyDefaults.strategy;
  if (typeof strategy !== "string" || !strategies.includes(strategy)) {
    throw invalidField(`${field}.strategy`, `must be one of ${strategies.join(", ")}`);
  }
  const number = (name: "baseMs" | "multiplier" | "maxMs" | "jitter", min: number, max: number): number => {
    const value = members[name] ?? retryPolicyDefaults[name];
    if (typeof value !== "number" || !(value >= min && value <= max)) {
      throw invalidField(`${field}.${name}`, `must be a number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    strategy: strategy as RetryStrategy,
    baseMs: number("baseMs", 0, durationMsMax),
    multiplier: number("multiplier", 1, 1000),
    maxMs: number("maxMs", 0, durationMsMax),
    jitter: number("jitter", 0, 1),
  };
}

/**
 * Delay in ms before the next attempt, after `failures` ≥ 1 failed ones.
 * The delay grows until it reaches the cap, however many failures that takes, and is clamped before it can overflow.
 * `random` is in [0, 1). `retryAfterMs`, when the worker asked for it, replaces the computed value up to the cap.
 */
export function retryDelayMs(
  policy: RetryPolicy | undefined,
  failures: number,
  random: number,
  retryAfterMs?: number,
): number {
  if (retryAfterMs !== undefined) return Math.min(Math.max(0, retryAfterMs), policy?.maxMs ?? retryAfterMsMax);
  if (policy === undefined) return 0;
  const grown = Math.min(growth(policy, failures), policy.maxMs);
  const jittered = grown * (1 + policy.jitter * (2 * random - 1));
  return Math.round(Math.min(Math.max(0, jittered), policy.maxMs));
}

function growth(policy: RetryPolicy, failures: number): number {
  const { strategy, baseMs } = policy;
  switch (strategy) {
    case "none":
      return 0;
    case "fixed":
      return baseMs;
    case "linear":
      return baseMs * failures;
    case "exponential":
      return exponential(policy, failures - 1);
    case "fibonacci":
      return fibonacci(policy, failures);
  }
}

/** `baseMs * multiplier ** exponent`; past the exponent that reaches the cap the power changes nothing and is not taken. */
function exponential({ baseMs, multiplier, maxMs }: RetryPolicy, exponent: number): number {
  if (baseMs === 0 || multiplier === 1) return baseMs;
  const toCap = Math.ceil(Math.log(maxMs / baseMs) / Math.log(multiplier)) + 1;
  return baseMs * multiplier ** Math.min(exponent, Math.max(0, toCap));
}

/** `baseMs` times the Fibonacci number of `n`, as far as the cap. */
function fibonacci({ baseMs, maxMs }: RetryPolicy, n: number): number {
  if (baseMs === 0) return 0;
  let [previous, current] = [0, 1];
  for (let step = 1; step < n && baseMs * current < maxMs; step++) [previous, current] = [current, previous + current];
  return baseMs * current;
}
